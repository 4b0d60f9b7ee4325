"""What `pulumi up` runs: one program for the platform stack and for each tenant."""
