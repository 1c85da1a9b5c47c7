"""Find conversions by a search word, also among a million.

With a subquery, PostgreSQL can't estimate how few rows it returns, and scans every conversion. So
the ids of matching orders and members are read first. Up to MAX_LISTED_IDS of them, the query lists
the ids, and PostgreSQL uses an index.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Reverse, Upper

from affiliates.selectors import members_matching
from offers.models import Enrollment
from tracking.models import Order
from tracking.models.orders import NUMBER_BACKWARDS, NUMBER_FORWARDS

MAX_LISTED_IDS = 1_000
M = TypeVar("M", bound=Model)


def conversions_matching(word: str) -> Q:
    """Match conversions by order number, or by the member's name or address. Two queries.

    The order number must begin or end with the word; name and address contain it.
    """
    enrollments = Enrollment.objects.filter(member__in=members_matching(word))
    return Q(order__in=ids_or_subquery(orders_numbered(word))) | Q(
        enrollment__in=ids_or_subquery(enrollments)
    )


def orders_numbered(text: str) -> QuerySet[Order]:
    """Return orders whose number begins or ends with the text; letter case does not matter."""
    number = Upper(Value(text))  # by PostgreSQL, like the index: Python turns "ß" into "SS"
    return Order.objects.alias(forwards=NUMBER_FORWARDS, backwards=NUMBER_BACKWARDS).filter(
        Q(forwards__startswith=number) | Q(backwards__startswith=Reverse(number))
    )


def ids_or_subquery(rows: QuerySet[M]) -> list[int] | QuerySet[Any, Any]:
    """Return the ids of few rows, or a subquery for many."""
    few = list(rows.values_list("pk", flat=True)[: MAX_LISTED_IDS + 1])
    return few if len(few) <= MAX_LISTED_IDS else rows.values("pk")
