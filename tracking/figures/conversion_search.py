"""Find conversions by a word, among a million as among ten.

PostgreSQL can't tell beforehand how few a search within another finds, and reads every conversion
to be safe. So the orders and members that a word means are looked up first; while they are few,
theirs are gone to by index.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Reverse, Upper

from affiliates.selectors import called
from offers.models import Enrollment
from tracking.models import Order
from tracking.models.orders import NUMBER_BACKWARDS, NUMBER_FORWARDS

MAX_LISTED_IDS = 1_000
M = TypeVar("M", bound=Model)


def conversions_matching(word: str) -> Q:
    """Conversions whose order number begins or ends with the word, or in whose member's name or
    address it stands. Two queries.
    """
    enrollments = Enrollment.objects.filter(member__in=called(word))
    return Q(order__in=_few_or_all(orders_numbered(word))) | Q(
        enrollment__in=_few_or_all(enrollments)
    )


def orders_numbered(text: str) -> QuerySet[Order]:
    """Orders whose number begins or ends with the text, in letters of any size."""
    number = Upper(Value(text))  # in PostgreSQL, as the index has it: of "ß" Python makes "SS"
    return Order.objects.alias(forwards=NUMBER_FORWARDS, backwards=NUMBER_BACKWARDS).filter(
        Q(forwards__startswith=number) | Q(backwards__startswith=Reverse(number))
    )


def _few_or_all(rows: QuerySet[M]) -> list[int] | QuerySet[Any, Any]:
    few = list(rows.values_list("pk", flat=True)[: MAX_LISTED_IDS + 1])
    return few if len(few) <= MAX_LISTED_IDS else rows.values("pk")
