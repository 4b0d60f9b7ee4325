"""The only network and subprocess I/O: one module for each remote part."""
