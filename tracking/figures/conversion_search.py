"""Find conversions by a search word, also among a million.

With a subquery, PostgreSQL can't estimate how few rows it returns, and scans every conversion. So
the ids of matching orders and members are read first. Up to MAX_LISTED_IDS of them, the query lists
the ids, and PostgreSQL uses an index. Of more, it compares each conversion, the newest first, and
has a page soon.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat, Reverse, Upper
from django.db.models.lookups import StartsWith

from affiliates.selectors import of_members_matching
from core import word_search
from tracking.models import Conversion, Order
from tracking.models.orders import number_backwards, number_forwards, shown_number


def conversions_searched(search: str) -> Q:
    """Match conversions that each word of the search fits, or whose order the whole of it names."""
    return word_search.each_word(search, conversions_matching, whole=_of_orders_numbered)


def conversions_matching(word: str) -> Q:
    """Match conversions by order number, or by the member's name or address. Two queries.

    See `numbered` for the order number; name and address contain the word.
    """
    return _of_orders_numbered(word) | of_members_matching(word, rows=Conversion.objects.all())


def orders_numbered(text: str) -> QuerySet[Order]:
    """Return the orders with such a number; see `numbered`."""
    return Order.objects.filter(numbered(text))


def _of_orders_numbered(text: str) -> Q:
    """Match rows of such orders. It reads at most MAX_LISTED_IDS numbers from each index."""
    first, *others = (
        Order.objects.filter(matches).values("pk")[: word_search.MAX_LISTED_IDS + 1]
        for matches in (_begins_with(text), _ends_with(text), _is_shown_with(text))
    )
    few = word_search.few_ids(first.union(*others, all=True))
    return numbered(text, via="order__") if few is None else Q(order__in=few)


def numbered(text: str, *, via: str = "") -> Q:
    """Match an order by its number; `via` leads to it ("order__"). Letter case does not matter.

    The number begins or ends with the text, or the one that the shop shows begins with it, with or
    without "#".
    """
    return _begins_with(text, via) | _ends_with(text, via) | _is_shown_with(text, via)


def _begins_with(text: str, via: str = "") -> Q:
    number = Upper(Value(text))  # by PostgreSQL, like the index: Python turns "ß" into "SS"
    begins: Any = StartsWith(number_forwards(via), number)
    return Q(begins)


def _ends_with(text: str, via: str = "") -> Q:
    ends: Any = StartsWith(number_backwards(via), Reverse(Upper(Value(text))))
    return Q(ends)


def _is_shown_with(text: str, via: str = "") -> Q:
    number = Upper(Value(text))
    begins: Any = StartsWith(shown_number(via), number)
    with_sign: Any = StartsWith(shown_number(via), Concat(Value("#"), number))
    return ~Q(**{f"{via}number": ""}) & (Q(begins) | Q(with_sign))
