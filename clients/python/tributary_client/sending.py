"""Send orders and refunds: one, or any number in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, Unpack

from tributary_client.calling import Caller
from tributary_client.nouns.shared import (
    OrderInBatch,
    OrderSent,
    OrderTaken,
    RefundInBatch,
    RefundSent,
    RefundTaken,
    RefusedInBatch,
)

T = TypeVar("T")
BATCH = 500  # the API takes no more at once


class Sending(Caller):
    """What a shop sends. Sending the same again is safe."""

    def send_order(self, **order: Unpack[OrderSent]) -> OrderTaken:
        """Record one order (POST /api/v1/orders). It is recorded once, however often it is sent."""
        taken: OrderTaken = self.call("POST", "/api/v1/orders", sent=order)
        return taken

    def state_order(self, **order: Unpack[OrderSent]) -> OrderTaken:
        """Say what an order is now (PUT /api/v1/orders)."""
        taken: OrderTaken = self.call("PUT", "/api/v1/orders", sent=order)
        return taken

    def send_orders(
        self, orders: Iterable[OrderSent], *, source: str = "api", state: bool = False
    ) -> Iterator[OrderInBatch | RefusedInBatch]:
        """Record any number of orders; yield what became of each, in their sequence.

        With `state`, those that are recorded already are changed to what is sent.
        """
        return self._in_batches("orders", orders, source=source, method="PUT" if state else "POST")

    def send_refund(self, **refund: Unpack[RefundSent]) -> RefundTaken:
        """Record one refund (POST /api/v1/refunds)."""
        taken: RefundTaken = self.call("POST", "/api/v1/refunds", sent=refund)
        return taken

    def state_refund(self, **refund: Unpack[RefundSent]) -> RefundTaken:
        """Replace a refund (PUT /api/v1/refunds)."""
        taken: RefundTaken = self.call("PUT", "/api/v1/refunds", sent=refund)
        return taken

    def send_refunds(
        self, refunds: Iterable[RefundSent], *, source: str = "api", state: bool = False
    ) -> Iterator[RefundInBatch | RefusedInBatch]:
        """Record any number of refunds; yield what became of each. With `state`, replace them."""
        return self._in_batches(
            "refunds", refunds, source=source, method="PUT" if state else "POST"
        )

    def _in_batches(
        self, many: str, items: Iterable[Any], *, source: str, method: str
    ) -> Iterator[Any]:
        for batch in batches_of(items, BATCH):
            sent = {"source": source, many: batch}
            yield from self.call(method, f"/api/v1/{many}", sent=sent)["results"]


def batches_of(items: Iterable[T], number: int) -> Iterator[Sequence[T]]:
    left = iter(items)
    while batch := list(islice(left, number)):
        yield batch
