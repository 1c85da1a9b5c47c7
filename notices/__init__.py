"""Mails that tell a member what happened: a payment, payout details that are missing."""
