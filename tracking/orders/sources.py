"""The sources of orders that the product itself names. Connections and API keys have others."""

SCRIPT = "script"  # reported by the page script in a shopper's browser
POSTBACK = "postback"  # reported by a system that can only call an address
OWN_SOURCE = "is the name for orders that the page script or a postback reports"


def is_own_source(source: str) -> bool:
    """Whether this names orders that the product records by itself.

    A postback may name the system that sends it: "postback-crm".
    """
    plain = source.strip().lower()
    return plain in {SCRIPT, POSTBACK} or plain.startswith(f"{POSTBACK}-")
