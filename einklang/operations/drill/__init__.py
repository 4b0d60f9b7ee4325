"""Restore drills: a tenant rebuilt from its backup in a scratch namespace, looked at, and removed (docs/adr/0019)."""
