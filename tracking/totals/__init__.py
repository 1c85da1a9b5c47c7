"""The totals kept per enrollment and day. Every change of a day is written here."""
