"""What Einklang adds to Mayan EDMS: login by the tenant's identity service only, checked uploads, retention, set-up."""
