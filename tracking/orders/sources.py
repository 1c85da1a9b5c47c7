"""The sources of orders that the product itself names. Connections and API keys have others."""

SCRIPT = "script"  # reported by the page script in a shopper's browser
POSTBACK = "postback"  # reported by a system that can only call an address
