"""The plan as data, its differences and how it is shown."""
