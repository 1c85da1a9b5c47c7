"""Links that apply a code by themselves. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit


def with_code(address: str, code: str) -> str:
    """Return an address that applies `code` in the cart, and then leads to `address`.

    Shopify serves it on every domain of the store: `/discount/CODE?redirect=/path`. The query and
    the fragment of `address` stay with its path, so that UTM parameters and a click id arrive.
    """
    parts = urlsplit(address)
    path = "/" + parts.path.lstrip("/\\")  # two slashes would lead to another host
    path += f"?{parts.query}" if parts.query else ""
    path += f"#{parts.fragment}" if parts.fragment else ""
    where = f"{parts.scheme}://{parts.netloc}/discount/{quote(code, safe='')}"
    return where if path == "/" else f"{where}?redirect={quote(path, safe='/')}"
