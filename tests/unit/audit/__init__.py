"""The audit on recorded facts: what a real cluster showed once, with one thing broken at a time."""
