"""Read members' questions, and the orders and clicks that they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.selectors import current_zone
from affiliates.selectors import members_matching, name_contains
from core.kept_queries import kept_query
from core.money import Money
from core.text import one_line, search_words
from core.word_search import contains_word, few_ids
from offers.models import Enrollment
from tracking.links.items import own_items
from tracking.models import Click, Conversion, Order, PromoCode, Question, QuestionState
from tracking.models.orders import SHOWN_NUMBER
from tracking.models.questions import REFERENCE_INDEX


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order with the given number, and its conversion if it is credited."""

    order: Order
    conversion: Conversion | None

    @property
    def total(self) -> Money:
        return Money(self.order.total_minor, self.order.currency)


@dataclass(frozen=True, slots=True)
class Findings:
    """The facts about a question. For staff only: `orders` may name other members.

    `click` is the member's last click before the order, or before the end of the day asked about
    when there is no order; `click_in_window` says whether the offer's window reaches it.
    """

    orders: tuple[FoundOrder, ...]
    click: Click | None
    click_in_window: bool
    code: PromoCode | None
    offer_counted: bool

    def attributable(self, enrollment: Enrollment) -> list[Order]:
        """Return the orders that can be credited to the member now."""
        return [
            found.order
            for found in self.orders
            if found.conversion is None and found.order.currency == enrollment.offer.currency
        ]


def questions(
    *, search: str = "", state: str = "", order: str = "", member_id: int | None = None
) -> QuerySet[Question]:
    """Return the brand's questions with member and offer, newest first.

    With `order` "asked" the oldest comes first.
    """
    found = Question.objects.select_related("enrollment__member", "enrollment__offer")
    if member_id is not None:
        # The index is by enrollment. Only of the ids themselves does PostgreSQL know how many
        # questions they asked.
        own = Enrollment.objects.filter(member=member_id).values_list("pk", flat=True)
        found = found.filter(enrollment__in=list(own))
    if state:
        found = found.filter(state=state)
    for word in search_words(search):
        referred = contains_word(word, "order_reference", index=REFERENCE_INDEX)
        found = found.filter(referred | _asked_by_members_matching(word))
    return (
        found.order_by("asked_at", "pk") if order == "asked" else found.order_by("-asked_at", "-pk")
    )


def _asked_by_members_matching(word: str) -> Q:
    """Match questions whose member has the word in name or address. One query, for their ids."""
    asked = Exists(Question.objects.filter(enrollment=OuterRef("pk")))
    few = few_ids(Enrollment.objects.filter(asked, member__in=members_matching(word)))
    if few is None:
        return name_contains(word, via="enrollment__member__")
    return Q(enrollment__in=few)


def questions_of(enrollment_id: int) -> QuerySet[Question]:
    """Return one member's questions about one offer, newest first."""
    return Question.objects.filter(enrollment=enrollment_id).order_by("-asked_at", "-pk")


def open_questions() -> QuerySet[Question]:
    return Question.objects.filter(state=QuestionState.OPEN)


def open_question_count() -> int:
    return _open.count()


@kept_query
def _open() -> QuerySet[Question, Any]:
    return open_questions().values("pk")


def possible_order_numbers(reference: str) -> list[str]:
    """Return how a typed order number may be recorded: other case, with or without "#"."""
    plain = one_line(reference)
    bare = plain.removeprefix("#").strip()
    forms = [plain, bare, f"#{bare}"]
    return list(dict.fromkeys(form for one in forms for form in (one, one.upper(), one.lower())))


def folded(reference: str) -> str:
    """Return the same text for every way to type an order number: case, "#", spaces."""
    return one_line(reference).lstrip("#").strip().upper()


def orders_by_reference(references: Sequence[str]) -> dict[str, list[FoundOrder]]:
    """Return the orders of each reference, from any source, in two queries."""
    forms = {reference: possible_order_numbers(reference) for reference in references}
    wanted = {form for known in forms.values() for form in known}
    shown = {form.upper() for form in wanted}
    named = Q(external_id__in=wanted) | ~Q(number="") & Q(shown__in=shown)
    rows = list(Order.objects.alias(shown=SHOWN_NUMBER).filter(named).order_by("ordered_at", "pk"))
    credited = {
        row.order_id: row
        for row in Conversion.objects.filter(order__in=rows)
        .select_related("member", "offer")
        .order_by("share_bp", "-pk")
    }
    by_name: dict[str, list[FoundOrder]] = defaultdict(list)
    for row in rows:
        found = FoundOrder(row, credited.get(row.pk))
        for name in dict.fromkeys((row.external_id, row.number.upper())):
            by_name[name].append(found)
    return {
        reference: _each_once(found for form in known for found in by_name.get(form, []))
        for reference, known in forms.items()
    }


def _each_once(orders: Iterable[FoundOrder]) -> list[FoundOrder]:
    return list({found.order.pk: found for found in orders}.values())


def findings_of(question: Question, *, reference: str = "") -> Findings:
    """Return the facts about a question (with enrollment and offer); a fixed number of queries.

    `reference` replaces the order number that the member gave.
    """
    enrollment = question.enrollment
    wanted = reference or question.order_reference
    orders = orders_by_reference([wanted])[wanted]
    moment = orders[0].order.ordered_at if orders else _end_of_day(question)
    click = (
        Click.objects.filter(enrollment=enrollment, clicked_at__lte=moment)
        .order_by("-clicked_at")
        .first()
    )
    window = timedelta(days=enrollment.offer.click_window_days)
    return Findings(
        orders=tuple(orders),
        click=click,
        click_in_window=click is not None and moment - click.clicked_at <= window,
        code=own_items(enrollment.pk).promo_code,
        offer_counted=enrollment.offer.counts_at(moment),
    )


def _end_of_day(question: Question) -> datetime:
    zone = current_zone()
    after = question.ordered_on + timedelta(days=1)
    return datetime.combine(after, time.min, tzinfo=zone)
