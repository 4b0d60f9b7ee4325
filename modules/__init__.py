"""What a tenant is made of: one ComponentResource a module."""
