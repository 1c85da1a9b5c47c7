"""Figures. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from typing import Literal, TypedDict

from tributary_client.calling import Caller
from tributary_client.nouns.shared import (
    MoneyShown,
)


class FigureRow(TypedDict):
    """Accepted conversions of the orders of the period; pending ones have separate fields.
    Refunds count on the day of their order. Commission includes that of clicks.
    """

    offer: str | None
    member: str | None
    day: str | None
    clicks: int
    conversions: int
    pending: int
    sales: MoneyShown
    refunds: MoneyShown
    net_sales: MoneyShown
    commission: MoneyShown
    pending_commission: MoneyShown


class FiguresShown(TypedDict):
    """`first` and `last` are the days that were asked for, within the brand's history."""

    by: Literal["offer", "member", "day"]
    first: str | None
    last: str | None
    data: list[FigureRow]
    next_cursor: str | None


class Figures(Caller):
    """The operations on figures."""

    def show_figures(
        self,
        *,
        by: Literal["offer", "member", "day"] | None = None,
        first: str | None = None,
        last: str | None = None,
        offer: str | None = None,
        member: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> FiguresShown:
        """GET /api/v1/figures: Return the figures of a period by offer, by member of an offer,
        or by day.
        """
        answer: FiguresShown = self.call(
            "GET",
            "/api/v1/figures",
            asked={
                "by": by,
                "first": first,
                "last": last,
                "offer": offer,
                "member": member,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return answer
