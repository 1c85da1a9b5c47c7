"""Take apart what the Admin API answers: pages, nodes, and errors that people made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.shop import ShopAwayError
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.queries import Query

MAX_PAGES = 1_000
MAX_SAID = 200


def at(value: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the object at a path, an empty one if there is none."""
    found: Any = value
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def nodes_of(connection: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nodes of a page."""
    found = connection.get("nodes")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def next_cursor(connection: Mapping[str, Any]) -> str | None:
    """Return where the next page begins, None after the last one."""
    page = at(connection, "pageInfo")
    cursor = page.get("endCursor")
    return cursor if page.get("hasNextPage") is True and isinstance(cursor, str) else None


def pages(
    api: AdminApi,
    query: Query,
    variables: Mapping[str, Any],
    *path: str,
    after: str | None = None,
) -> Iterator[Mapping[str, Any]]:
    """Ask for all pages of the connection at a path. Raises ShopAwayError if they have no end."""
    for _ in range(MAX_PAGES):
        connection = at(api.ask(query, {**variables, "after": after}), *path)
        yield connection
        before, after = after, next_cursor(connection)
        if after is None:
            return
        if after == before:
            break
    raise ShopAwayError("Shopify's list has no end.")


def user_errors(data: Mapping[str, Any], name: str) -> str:
    """Return what Shopify says was wrong with a change, "" if nothing was."""
    found = at(data, name).get("userErrors")
    messages = [
        str(one.get("message", "")).strip()
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, Mapping)
    ]
    return "; ".join(message or "it gave no reason" for message in messages)[:MAX_SAID]
