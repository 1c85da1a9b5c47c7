"""What we found out about a question, in words for staff, and a suggested answer.

What staff read may name other members. A suggested answer must not: the member reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.templatetags.display import masked_reference, moment, money
from offers.models import Enrollment
from tracking.models import Conversion, Evidence, Question
from tracking.questions.selectors import Findings, FoundOrder

QUOTE = "\N{RIGHT SINGLE QUOTATION MARK}"
THANKS = f"You{QUOTE}re right, this sale is yours. Thank you for telling us!"
SOMEBODY_ELSES = {
    Evidence.CODE.value: (
        f"Another person{QUOTE}s code was used on this order, and a code wins over a link."
    ),
    Evidence.CLICK.value: f"Somebody else{QUOTE}s link was clicked last before this order.",
    Evidence.CUSTOMER.value: "Somebody else brought this customer with an earlier order.",
    Evidence.BY_HAND.value: "This order came through somebody else.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result in one line: `short` for a badge, `text` for the page."""

    short: str
    tone: str
    text: str
    credited: Conversion | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One finding; `tone` colours it by whether it speaks for or against the member."""

    label: str
    text: str
    tone: str = ""


def verdict_of(question: Question, orders: Sequence[FoundOrder]) -> Verdict:
    """What the orders with that number show. An order that can be credited counts first."""
    enrollment = question.enrollment
    if not orders:
        return Verdict("Order unknown", "neutral", "No order with this number has reached us.")
    free = [found for found in orders if found.conversion is None]
    own = [row for row in _credited(orders) if row.enrollment_id == enrollment.pk]
    if own:
        return Verdict("Theirs already", "good", "This order is credited to them already.", own[0])
    if any(found.order.currency == enrollment.offer.currency for found in free):
        return Verdict("Can be added", "wait", "The order is recorded and not credited to anybody.")
    if free:
        currency = free[0].order.currency
        return Verdict("Other currency", "neutral", f"It is in {currency}, and the offer is not.")
    other = _credited(orders)[0]
    return Verdict(
        "Somebody else's", "neutral", f"This order is credited to {other.member}.", other
    )


def facts_of(question: Question, known: Findings) -> list[Fact]:
    """Everything that helps to decide, apart from the orders themselves."""
    enrollment = question.enrollment
    return [
        *_click(enrollment, known),
        *_code(enrollment, known),
        _place(enrollment),
        Fact("The offer then", "Counted", "good")
        if known.offer_counted
        else Fact("The offer then", "Did not count: it was paused or over", "bad"),
    ]


def suggested_answer(question: Question, known: Findings, kind: str) -> str:
    """A suggested answer of that kind. It mentions nobody but the member."""
    if kind == "attribute":
        return THANKS
    if kind == "refuse":
        return ""
    if not known.orders:
        return (
            f"We can{QUOTE}t find an order {question.order_reference} in our shop. Please look up"
            f" its number in the shop{QUOTE}s confirmation once more, and ask again."
        )
    verdict = verdict_of(question, known.orders)
    if verdict.credited is not None and verdict.short == "Theirs already":
        shown = masked_reference(verdict.credited.order.external_id)
        return f"This order is among your conversions already: look for {shown}."
    if verdict.credited is not None and verdict.credited.member_id == question.enrollment.member_id:
        return f"This order counts in your other offer, {verdict.credited.offer.name}."
    if verdict.credited is not None:
        return SOMEBODY_ELSES[verdict.credited.evidence]
    return "This order came without your code and without a click on your link."


def _credited(orders: Sequence[FoundOrder]) -> list[Conversion]:
    return [found.conversion for found in orders if found.conversion is not None]


def _click(enrollment: Enrollment, known: Findings) -> Iterator[Fact]:
    if not enrollment.offer.gives_links:
        return
    days = enrollment.offer.click_window_days
    if known.click is None:
        yield Fact("Last click before it", "None on their link", "bad")
    elif known.click_in_window:
        when = moment(known.click.clicked_at)
        yield Fact("Last click before it", f"{when}, inside the {days} days", "good")
    else:
        when = moment(known.click.clicked_at)
        yield Fact("Last click before it", f"{when}, longer ago than {days} days", "bad")


def _code(enrollment: Enrollment, known: Findings) -> Iterator[Fact]:
    if not enrollment.offer.gives_codes:
        return
    code = known.code
    if code is None:
        yield Fact("Their code", "Never given", "bad")
    elif code.is_in_use:
        yield Fact("Their code", f"{code.code}, active since {moment(code.in_use_since)}", "good")
    else:
        since = f" since {moment(code.deactivated_at)}" if code.deactivated_at else ""
        yield Fact("Their code", f"{code.code}, not active{since}", "bad")


def _place(enrollment: Enrollment) -> Fact:
    tone = "good" if enrollment.is_active else "bad"
    joined = moment(enrollment.joined_at)
    return Fact("In the offer", f"{enrollment.get_status_display()}, joined {joined}", tone)


def order_summary(found: FoundOrder) -> str:
    """An order in one line: amount, time and source."""
    order = found.order
    return f"{money(found.total)} · {moment(order.ordered_at)} · from {order.source}"
