"""The figures of a period, as they are shown."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from api.schemas.ids import LinkId, MemberId, OfferId, asked_id
from api.schemas.parts import AskedWhole, DayShown, MoneyShown, Shown, as_day
from core.public_ids import IdKind
from tracking.models import MAX_SOURCES_A_DAY

SourceKind = Literal[
    "link", "sub1", "sub2", "sub3", "sub4", "sub5", "referrer", "country", "device"
]
Day = Annotated[date, BeforeValidator(as_day)]


class AskedFigures(BaseModel):
    """Days are those of the brand's time zone; both are part of the period."""

    by: Literal["offer", "member", "day"]
    first: Day | None = None
    last: Day | None = None
    offer: str = asked_id(IdKind.OFFER, description="By day it is needed: one offer alone.")
    member: str = asked_id(
        IdKind.MEMBER,
        description="By member, this or an offer is needed. By day, this member in the offer."
        " Refused by offer.",
    )
    limit: AskedWhole = Field(
        50, ge=1, le=200, description="By member. Refused otherwise, as all rows are one page."
    )
    cursor: str = Field(
        "",
        max_length=400,
        description="By member: the `next_cursor` of the page before. Refused otherwise.",
    )


class FigureRow(Shown):
    """Accepted conversions of the orders of the period; pending ones have separate fields.

    Refunds count on the day of their order. Commission includes that of clicks.
    """

    offer: OfferId | None
    member: MemberId | None
    day: DayShown | None
    clicks: int
    conversions: int
    pending: int
    sales: MoneyShown
    refunds: MoneyShown
    net_sales: MoneyShown
    commission: MoneyShown
    pending_commission: MoneyShown


class FiguresShown(Shown):
    """`first` and `last` are the days that were asked for, within the brand's history."""

    by: Literal["offer", "member", "day"]
    first: DayShown | None
    last: DayShown | None
    data: list[FigureRow]
    next_cursor: str | None


class AskedSources(BaseModel):
    """Days are those of the brand's time zone; both are part of the period."""

    by: SourceKind
    first: Day | None = None
    last: Day | None = None
    offer: str = asked_id(IdKind.OFFER, description="This or a member is needed.")
    member: str = asked_id(IdKind.MEMBER, description="With an offer too: this member in it.")
    order: Literal[
        "clicks", "visitors", "conversions", "conversion_rate", "sales", "commission",
        "earnings_per_click", "source",
    ] = "clicks"  # fmt: skip
    limit: AskedWhole = Field(50, ge=1, le=200)


class SourceRow(Shown):
    """Clicks of shoppers, and the orders that came with them. Orders by code alone are in no row.

    Visitors are unique per member and day. `robots` and `inactive` are clicks that don't count;
    they are kept by link alone. The rate is in basis points: 125 is 1.25 %.
    """

    source: str = Field(
        description="Empty by referrer: the shopper came directly. By sub-id or referrer, `(other)`"
        f" is all beyond the first {MAX_SOURCES_A_DAY} of a member on a day."
    )
    link: LinkId | None
    clicks: int
    visitors: int
    robots: int
    inactive: int
    conversions: int
    conversion_rate_bp: int | None
    sales: MoneyShown
    commission: MoneyShown
    earnings_per_click: MoneyShown | None


class SourcesShown(Shown):
    """The rows with the most of `order` come first; `has_more` says that there are others."""

    by: SourceKind
    first: DayShown | None
    last: DayShown | None
    data: list[SourceRow]
    has_more: bool
