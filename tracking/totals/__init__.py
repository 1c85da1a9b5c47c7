"""The totals per enrollment and day. Only this package changes them."""
