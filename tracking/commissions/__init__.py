"""Commissions of conversions and clicks: tiers, caps, settlement with the ledger, approval."""
