"""Record orders of senders that don't say when an order was placed: when we first hear of it.

A second report of the same order would differ in that time alone, so it takes the recorded one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tracking.orders.facts import OrderFacts, Problems
from tracking.orders.lookup import facts_as_recorded
from tracking.orders.number_fields import AmountField
from tracking.orders.reading import InputError
from tracking.orders.results import RecordingResult, RecordingStatus

AMOUNT = AmountField(
    "amount",
    required=False,
    description="What the whole order is worth to you: net of discounts, without tax and shipping.",
)
IN_LINES = "lines.0.unit_price"  # where the amount stands once it is read as a line
Report = Callable[[OrderFacts | None], RecordingResult]


def as_one_line(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of an order that says one amount for all of it."""
    return [{"quantity": 1, "unit_price": sent.get(AMOUNT.name)}]


def of_amount(error: InputError) -> InputError:
    """The same problems, as problems of the amount that was read as a line."""
    return renamed(error, IN_LINES, AMOUNT.name)


def renamed(error: InputError, field: str, sent_as: str) -> InputError:
    """The same problems; those of `field` are told of the field that its sender knows."""
    return InputError(
        *(replace(one, field=sent_as) if one.field == field else one for one in error.problems)
    )


def refuse(field: str, code: str, message: str) -> InputError:
    """Return an error of one field."""
    problems = Problems()
    problems.add(field, code, message)
    return InputError(*problems.found)


def record_report(*, source: str, external_id: str, report: Report) -> RecordingResult:
    """Record what `report` makes of the recorded order, or of None.

    Two reports of a new order at one moment know nothing of each other: the later one is made
    again.
    """
    result = report(_recorded(source, external_id))
    if result.status is RecordingStatus.CONFLICT:
        result = report(_recorded(source, external_id))
    return result


def _recorded(source: str, external_id: str) -> OrderFacts | None:
    return facts_as_recorded(source, [external_id]).get(external_id)
