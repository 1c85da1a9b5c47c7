"""Mails that tell a member what happened: a sale, a payment, payout details that are missing."""
