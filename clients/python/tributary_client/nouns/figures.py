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


class SourceRow(TypedDict):
    """Clicks of shoppers, and the orders that came with them. Orders by code alone are in no
    row. Visitors are unique per member and day. `robots` and `inactive` are clicks that don't
    count; they are kept by link alone. The rate is in basis points: 125 is 1.25 %.
    """

    source: str
    link: str | None
    clicks: int
    visitors: int
    robots: int
    inactive: int
    conversions: int
    conversion_rate_bp: int | None
    sales: MoneyShown
    commission: MoneyShown
    earnings_per_click: MoneyShown | None


class SourcesShown(TypedDict):
    """The rows with the most of `order` come first; `has_more` says that there are others."""

    by: Literal["link", "sub1", "sub2", "sub3", "sub4", "sub5", "referrer", "country", "device"]
    first: str | None
    last: str | None
    data: list[SourceRow]
    has_more: bool


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
        or by day. A filter that `by` does not take is refused with 422 (misplaced).
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

    def show_sources(
        self,
        *,
        by: Literal["link", "sub1", "sub2", "sub3", "sub4", "sub5", "referrer", "country", "device"]
        | None = None,
        first: str | None = None,
        last: str | None = None,
        offer: str | None = None,
        member: str | None = None,
        order: Literal[
            "clicks",
            "visitors",
            "conversions",
            "conversion_rate",
            "sales",
            "commission",
            "earnings_per_click",
            "source",
        ]
        | None = None,
        limit: int | None = None,
    ) -> SourcesShown:
        """GET /api/v1/figures/sources: Return the figures of clicks by link, sub-id, referrer,
        country or kind of device.
        """
        answer: SourcesShown = self.call(
            "GET",
            "/api/v1/figures/sources",
            asked={
                "by": by,
                "first": first,
                "last": last,
                "offer": offer,
                "member": member,
                "order": order,
                "limit": limit,
            },
        )
        return answer
