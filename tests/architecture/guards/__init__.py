"""The guards: each takes a project root and returns what it finds there, so that a planted tree can be given to it."""
