"""Recompute every kept figure from the facts and name each difference.

One file per group of queries; `differences` runs them all.
"""
