"""The figures of a period, as they are shown."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from api.schemas.ids import MemberId, OfferId, asked_id
from api.schemas.parts import DayShown, MoneyShown, Shown
from core.public_ids import IdKind

Day = Annotated[date, BeforeValidator(lambda text: date.fromisoformat(str(text)))]


class AskedFigures(BaseModel):
    """Days are those of the brand's time zone; both are part of the period."""

    by: Literal["offer", "member", "day"]
    first: Day | None = None
    last: Day | None = None
    offer: str = asked_id(IdKind.OFFER, description="By day it is needed: one offer alone.")
    member: str = asked_id(IdKind.MEMBER, description="By member, this or an offer is needed.")
    limit: int = Field(50, ge=1, le=200, description="By member.")
    cursor: str = Field("", max_length=400, description="By member.")


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
