"""What the data means: frozen models without I/O."""
