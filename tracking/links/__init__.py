"""Promo codes, tracking links, clicks, and adding members to offers with codes and links."""
