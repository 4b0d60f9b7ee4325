"""Backups from the outside: who may save where, what was saved, what is kept, and the kit that opens it."""
