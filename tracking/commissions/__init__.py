"""What a conversion or a click earns: its tier, settling with the ledger, approval by staff."""
