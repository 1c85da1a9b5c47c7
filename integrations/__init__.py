"""Shops that are connected to a brand: their deliveries, their clients, a folder for each."""
