"""Turn what a delivery states into facts, or say in a sentence what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.shop import NotUnderstoodError, Statements
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts
from tracking.orders.reading import InputError, read_order, read_refund

MAX_PROBLEMS_NAMED = 5


class NotYetError(Exception):
    """Nothing was recorded, and later it can be; the message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The orders and refunds of one delivery, the orders whose refunds it lists whole, and those
    that are gone in the shop.
    """

    orders: tuple[OrderFacts, ...]
    refunds: tuple[RefundFacts, ...]
    listed: frozenset[str]
    deleted: frozenset[str] = frozenset()

    @property
    def order_ids(self) -> list[str]:
        """Every order that it says something of."""
        named = {order.external_id for order in self.orders} | self.listed | self.deleted
        return sorted(named | {refund.order_external_id for refund in self.refunds})

    @property
    def refund_ids(self) -> list[str]:
        return sorted({refund.external_id for refund in self.refunds})

    @property
    def stated_at(self) -> datetime | None:
        """By the shop's clock, when the newest of its orders was changed; None if unknown."""
        return max((one.updated_at for one in self.orders if one.updated_at), default=None)


def read_statements(statements: Statements) -> Facts:
    """Return the facts. Raises NotUnderstoodError with a sentence that names the fields."""
    return Facts(
        orders=tuple(_order(one) for one in statements.orders),
        refunds=tuple(_refund(one) for one in statements.refunds),
        listed=frozenset(statements.whole_refunds_of),
        deleted=frozenset(statements.deleted_orders),
    )


def _order(stated: Mapping[str, Any]) -> OrderFacts:
    try:
        return read_order(stated)
    except InputError as error:
        raise NotUnderstoodError(
            sentence("order", stated.get("order_id"), error.problems)
        ) from None


def _refund(stated: Mapping[str, Any]) -> RefundFacts:
    try:
        return read_refund(stated)
    except InputError as error:
        named = stated.get("refund_id")
        raise NotUnderstoodError(sentence("refund", named, error.problems)) from None


def sentence(what: str, name: object, problems: tuple[FieldProblem, ...]) -> str:
    """Say what is wrong: "The order 1001 was not recorded: lines.0.quantity is missing." """
    said = "; ".join(f"{one.field}: {one.message}" for one in problems[:MAX_PROBLEMS_NAMED])
    more = len(problems) - MAX_PROBLEMS_NAMED
    others = f"; and {more} more" if more > 0 else ""
    which = f" {name}" if name else ""
    return f"The {what}{which} was not recorded: {said}{others}."
