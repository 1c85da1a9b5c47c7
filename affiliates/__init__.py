"""The people who sell: members of a brand, and the creator who is the same person over brands."""
