"""The ledger of what members earned, and the payouts that pay it."""
