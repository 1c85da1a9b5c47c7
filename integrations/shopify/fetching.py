"""Fetch orders by GraphQL: those that changed since a moment, whole, with lines and refunds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.shop import ShopAwayError
from integrations.shopify import queries, reading
from integrations.shopify.admin_api import AdminApi, TooCostlyError
from integrations.shopify.answers import at, next_cursor, nodes_of, pages

ORDERS_AT_ONCE, LINES_AT_ONCE = 10, 5  # of a page of orders: about 600 points
MORE_LINES_AT_ONCE, REFUNDED_LINES_AT_ONCE, MAX_REFUNDS = 50, 40, 250
# Shopify shows 25,000 results of one search. After these it is begun anew, at the last order.
RESULTS_OF_ONE_SEARCH = 20_000


def changed_orders(api: AdminApi, since: datetime) -> Iterator[Mapping[str, Any]]:
    """Return the orders that changed since, by the time of their change; some may come twice.

    Raises ShopAwayError and AccessRefusedError.
    """
    first, begun_at = ORDERS_AT_ONCE, since.astimezone(UTC)
    after: str | None = None
    seen = 0
    while True:
        try:
            connection = _page(api, begun_at, after, first)
        except TooCostlyError:
            if first == 1:
                raise ShopAwayError("Shopify finds one order too costly to fetch.") from None
            first = max(first // 2, 1)
            continue
        found = nodes_of(connection)
        for order in found:
            yield completed(api, order)
        seen += len(found)
        after = next_cursor(connection)
        if after is None:
            return
        last = reading.time_of(found[-1].get("updatedAt")) if found else None
        if seen >= RESULTS_OF_ONE_SEARCH and last is not None and last > begun_at:
            begun_at, after, seen = last, None, 0


def _page(api: AdminApi, since: datetime, after: str | None, first: int) -> Mapping[str, Any]:
    moment = since.replace(microsecond=0, tzinfo=None).isoformat()
    variables = {
        "query": f"updated_at:>='{moment}Z'",
        "first": first,
        "after": after,
        "lines": LINES_AT_ONCE,
        "refunds": 1,
    }
    return at(api.ask(queries.CHANGED_ORDERS, variables), "orders")


def one_order(api: AdminApi, order_id: str) -> Mapping[str, Any] | None:
    """Return an order as it is now, None if there is none. `order_id` is a webhook's."""
    gid = f"gid://shopify/Order/{order_id}"
    variables = {"id": gid, "lines": MORE_LINES_AT_ONCE, "refunds": 1}
    found = at(api.ask(queries.ONE_ORDER, variables), "order")
    return completed(api, found) if found else None


def completed(api: AdminApi, order: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an order with all its lines and refunds."""
    connection = at(order, "lineItems")
    lines, after = nodes_of(connection), next_cursor(connection)
    if after is not None:
        variables = {"id": order.get("id"), "first": MORE_LINES_AT_ONCE}
        path = ("order", "lineItems")
        for page in pages(api, queries.MORE_LINES, variables, *path, after=after):
            lines += nodes_of(page)
    whole = {**order, "lineItems": {"nodes": lines}, "refunds": []}
    if order.get("refunds"):
        whole["refunds"] = _refunds(api, order.get("id"))
    return whole


def _refunds(api: AdminApi, gid: Any) -> list[Mapping[str, Any]] | None:
    """Return all refunds of an order. None if they are too many for one list: it may be cut."""
    listed = at(api.ask(queries.ALL_REFUNDS, {"id": gid, "refunds": MAX_REFUNDS}), "order")
    found = listed.get("refunds")
    ids = [one.get("id") for one in found if isinstance(one, Mapping)] if found else []
    return None if len(ids) >= MAX_REFUNDS else [_refund(api, one) for one in ids]


def _refund(api: AdminApi, gid: Any) -> Mapping[str, Any]:
    whole: Mapping[str, Any] = {}
    lines: list[Mapping[str, Any]] = []
    after: str | None = None
    while True:
        variables = {"id": gid, "first": REFUNDED_LINES_AT_ONCE, "after": after}
        refund = at(api.ask(queries.REFUND, variables), "refund")
        if not refund:
            raise ShopAwayError("Shopify lists a refund that it does not show.")
        whole = whole or refund
        connection = at(refund, "refundLineItems")
        lines += nodes_of(connection)
        before, after = after, next_cursor(connection)
        if after is None or after == before:
            return {**whole, "refundLineItems": {"nodes": lines}}
