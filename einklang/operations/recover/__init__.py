"""The rebuild of everything: from a recovery kit, a backup site and this repository to running tenants."""
