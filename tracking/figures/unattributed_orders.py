"""The list of orders that no member is credited for: search and filters.

A shop that sends every order has many of them. An index lists them by time, and another one those
that brought a code, so that a search for a code reads no others.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.utils import timezone

from core.kept_queries import kept_query
from core.word_search import each_word, has_pieces, holds_word
from tracking.figures.conversion_search import numbered
from tracking.models import Order
from tracking.models.orders import CODE_INDEX, CODE_PIECES, HAS_CODE, NOT_CREDITED
from tracking.orders.attribution import OTHER_CURRENCY
from tracking.orders.same_order import MAY_BE_SAME

CODES = Func(F("promo_codes"), Value("\n"), function="array_to_string", output_field=TextField())


class Brought(models.TextChoices):
    """What an order brought that could have won it for a member."""

    CODE = "code", "A code"
    CLICK = "click", "A click"
    NOTHING = "nothing", "No code and no click"
    CURRENCY = "currency", "Another currency than the offer"
    SAME = "same", "May be counted already, from another source"
    TEST = "test", "Test orders"


_CONDITIONS = {
    Brought.CODE: HAS_CODE,
    Brought.CLICK: ~Q(click_id=""),
    Brought.NOTHING: ~HAS_CODE & Q(click_id=""),
    Brought.CURRENCY: Q(unattributed__startswith=OTHER_CURRENCY),
    Brought.SAME: Q(unattributed__startswith=MAY_BE_SAME),
    Brought.TEST: Q(),
}


def unattributed_orders(
    *,
    search: str = "",
    source: str = "",
    brought: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[Order]:
    """Return the brand's orders that no member is credited for, newest first.

    Each word of `search` is the beginning or the end of an order's number, or a part of one of its
    codes; letter case does not matter. `brought` is a value of Brought. Test orders are listed only
    when they are asked for.
    """
    found = Order.objects.filter(NOT_CREDITED, is_test=brought == Brought.TEST)
    if source:
        found = found.filter(source=source)
    if brought:
        found = found.filter(_CONDITIONS[Brought(brought)])
    if first is not None:
        found = found.filter(ordered_at__gte=first)
    if last is not None:
        found = found.filter(ordered_at__lt=last)
    found = found.filter(each_word(search, _matching, whole=numbered))
    return found.order_by("-ordered_at", "-pk")


def latest_unattributed(limit: int) -> list[Order]:
    """Return the newest of these orders."""
    return _latest.part(slice(0, limit), {})


@kept_query
def _latest() -> QuerySet[Order]:
    return unattributed_orders()


def _matching(word: str) -> Q:
    """Match orders by number or code, each of which has an index."""
    coded = HAS_CODE & holds_word(word, CODES) & has_pieces(CODE_PIECES, word, index=CODE_INDEX)
    return numbered(word) | coded


def oldest_unattributed_day() -> date | None:
    """Return the day of the oldest of these orders, in the brand's time zone."""
    oldest = unattributed_orders().order_by("ordered_at", "pk").first()
    return timezone.localdate(oldest.ordered_at) if oldest else None
