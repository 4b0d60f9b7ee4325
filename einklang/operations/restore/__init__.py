"""The way back: which run is taken, and its parts put where they are wanted, inside the cluster (docs/adr/0019)."""
