"""One verb a module; each takes its clients, its clock and its progress as parameters."""
