"""The client of one store. Every call is bounded in time and size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from core.outgoing import Caller
from integrations.shop import Discount, Finding, RawDelivery, ShopAwayError, ShopCode
from integrations.woocommerce import checking, coupons, values, webhooks
from integrations.woocommerce.rest import CALL_SECONDS, PAGE_SIZE, MissingError, Rest

UPDATED = "order.updated"
MAX_REQUESTS = 5_000  # of one list of orders
STEP_BACK, MAX_GAPS = PAGE_SIZE // 2, 100


class WooClient:
    """Talks to one store. Raises ShopAwayError and AccessRefusedError, and nothing else."""

    def __init__(self, *, store: str, key: str, secret: str, webhook_secret: str) -> None:
        self.store = store
        self._keys, self._webhook_secret = (key, secret), webhook_secret

    @contextmanager
    def _rest(self) -> Iterator[Rest]:
        key, secret = self._keys
        with Caller(seconds=CALL_SECONDS) as caller:
            try:
                yield Rest(caller, store=self.store, key=key, secret=secret)
            except MissingError:
                raise ShopAwayError("The store did not find what we asked for.") from None

    def check(self) -> tuple[Finding, ...]:
        with self._rest() as rest:
            return tuple(checking.findings(rest))

    def subscribe(self, address: str) -> tuple[Finding, ...]:
        """Have one active webhook of each topic at the address, signed with our secret."""
        with self._rest() as rest:
            return webhooks.subscribe(rest, address=address, secret=self._webhook_secret)

    def unsubscribe(self, address: str) -> None:
        with self._rest() as rest:
            webhooks.unsubscribe(rest, address=address)

    def order(self, order_id: str) -> Mapping[str, Any] | None:
        """Return an order as it is now, also one in the trash; None if there is none."""
        with self._rest() as rest:
            try:
                found, _ = rest.get(f"/orders/{int(order_id)}")
            except MissingError:
                return None
        if not isinstance(found, Mapping) or values.shop_id(found) != order_id:
            raise ShopAwayError("The store answered with another order than we asked for.")
        return found

    def refunds_of(self, order_id: str) -> list[Mapping[str, Any]]:
        """Return all refunds of an order, as they are now."""
        with self._rest() as rest:
            try:
                return list(rest.pages(f"/orders/{int(order_id)}/refunds"))
            except MissingError:
                return []

    def changed_since(self, moment: datetime) -> Iterator[RawDelivery]:
        """Return the orders that changed since, as deliveries, also those in the trash.

        What was deleted for good is not listed, and a deleted refund leaves no date of change.
        """
        with self._rest() as rest:
            for status in ("any", "trash"):
                for order in _changed_orders(rest, moment, status=status):
                    headers = {
                        "content-type": "application/json",
                        "x-wc-webhook-topic": UPDATED,
                        "x-wc-webhook-source": f"{self.store}/",
                    }
                    yield RawDelivery(headers, json.dumps(order, default=str).encode())

    def codes(self, discount: Discount) -> Iterator[ShopCode]:
        """Return the codes of this discount, in lower case as WooCommerce keeps them."""
        with self._rest() as rest:
            yield from coupons.codes_of(rest, discount)

    def make_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        with self._rest() as rest:
            return coupons.make_codes(rest, discount, codes)

    def end_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        """Take codes out of use, whatever discount of ours they have now."""
        with self._rest() as rest:
            return coupons.end_codes(rest, codes, now=datetime.now(UTC))


def _changed_orders(rest: Rest, moment: datetime, *, status: str) -> Iterator[Mapping[str, Any]]:
    """List orders by id, while others change.

    An order that changes keeps its place, and one that enters the list moves later ones back, so
    that they come twice. Only one that leaves the list moves later ones ahead: each request begins
    with the last order of the one before, and goes back where it begins with a later one.
    """
    # WordPress reads a time without an offset as it is, and one with an offset in its own zone.
    after = (moment.astimezone(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")
    params = {
        "modified_after": after, "dates_are_gmt": "true", "status": status, "orderby": "id",
        "order": "asc",
    }  # fmt: skip
    seen: dict[int, str] = {}
    offset, last, gaps = 0, 0, 0
    for _ in range(MAX_REQUESTS):
        found, _ = rest.list_page("/orders", offset=str(offset), **params)
        orders = [(int(values.shop_id(one)), one) for one in found if values.shop_id(one)]
        if offset > 0 and (not orders or orders[0][0] > last):
            offset, gaps = max(0, offset - STEP_BACK), gaps + 1
            if gaps > MAX_GAPS:
                break
            continue
        for order_id, order in orders:
            state = values.text(order, "date_modified_gmt")
            if seen.get(order_id) != state:
                seen[order_id] = state
                yield order
        if len(found) < PAGE_SIZE:
            return
        offset, last = offset + PAGE_SIZE - 1, orders[-1][0] if orders else last
    raise ShopAwayError("The store's list of orders changes faster than it can be read.")
