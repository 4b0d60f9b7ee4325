"""One run of a tenant's backup, inside the tenant: databases, then files, then the manifest that makes it a backup."""
