"""Promo codes, tracking links and the clicks on them, and who is in an offer with which of them."""
