"""Record an order that the page script reports from a shopper's browser.

Everybody who reads the page has its key, so such an order can be forged. It is recorded once, never
changed by another report, and waits for review unless staff trust the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from tracking.orders import reading
from tracking.orders.facts import OrderFacts, Problems
from tracking.orders.fields import Field
from tracking.orders.reading import InputError, read_order
from tracking.orders.recording import record_orders
from tracking.orders.reporting import AMOUNT, as_one_line, of_amount, record_report
from tracking.orders.results import RecordingResult
from tracking.orders.sources import SCRIPT
from tracking.orders.unknown_fields import names_of, refuse_unknown_in_order

# Only what a browser can know. When it was placed and whether it is paid, it can't be trusted with.
FIELDS: tuple[Field[Any], ...] = (
    reading.ORDER_ID, reading.NUMBER, reading.CURRENCY, AMOUNT, reading.CUSTOMER_ID,
    reading.PROMO_CODES, reading.PROMO_CODE, reading.CLICK_ID, reading.NEW_CUSTOMER,
    reading.IS_TEST, replace(reading.LINES, required=False),
)  # fmt: skip
NAMES = names_of(FIELDS)


def record_script_order(
    *, sent: Mapping[str, Any], is_trusted: bool, by: Actor, now: datetime
) -> RecordingResult:
    """Record the order, as `record_orders` does. Raises InputError."""
    facts = _read(sent, now=now)

    def report(recorded: OrderFacts | None) -> RecordingResult:
        ordered_at = recorded.ordered_at if recorded else now
        order = replace(facts, ordered_at=ordered_at)
        return record_orders(source=SCRIPT, orders=[order], is_trusted=is_trusted, by=by, now=now)[
            0
        ]

    return record_report(source=SCRIPT, external_id=facts.external_id, report=report)


def _read(sent: Mapping[str, Any], *, now: datetime) -> OrderFacts:
    problems = Problems()
    refuse_unknown_in_order(sent, NAMES, reading.LINE_NAMES, problems)
    has_amount, has_lines = AMOUNT.is_given(sent), reading.LINES.is_given(sent)
    if has_amount == has_lines:
        code = "misplaced" if has_amount else "missing"
        problems.add("amount", code, "say either the amount of the order, or its lines")
    if problems.found:
        raise InputError(*problems.found)
    kept = {name: value for name, value in sent.items() if name != AMOUNT.name}
    lines = {"lines": as_one_line(sent)} if has_amount else {}
    try:
        return read_order(kept | lines | {"ordered_at": now.isoformat()})
    except InputError as error:
        raise (of_amount(error) if has_amount else error) from None
