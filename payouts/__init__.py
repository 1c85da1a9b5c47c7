"""Money owed and money sent: the ledger and payouts."""
