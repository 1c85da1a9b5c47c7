"""Send a test order through the whole line, and say at each hop what became of it.

The shop's own format, signature, storing and recording are used. The order is marked as a test, so
it counts in no figure; what it would earn is worked out and undone again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.selectors import current_brand
from core.money import Money
from integrations.credentials import secret_of
from integrations.models import Connection, Event, EventOrigin, EventState
from integrations.reading import read_statements
from integrations.receiving import Receipt, receive_delivery
from integrations.shop import (
    AccessRefusedError,
    NotUnderstoodError,
    RawDelivery,
    ShopAwayError,
)
from integrations.shops import shop_of
from integrations.working import actor_of, understand, work_on_event
from tracking.models import Conversion
from tracking.orders.facts import OrderFacts
from tracking.orders.recording import record_order
from tracking.orders.results import RecordingResult

RECEIVED, SIGNED, UNDERSTOOD = "Received", "Signature", "Understood"
RECORDED, CREDITED, EARNS = "Recorded", "Credited", "Would earn"
NOT_SO_FAR = "It did not get this far."
HOPS = (RECEIVED, SIGNED, UNDERSTOOD, RECORDED, CREDITED, EARNS)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the line: `is_ok` is None where the order did not get this far."""

    title: str
    is_ok: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class TestOrder:
    """What became of a test order, hop by hop."""

    order_id: str
    hops: tuple[Hop, ...]
    event_id: int | None = None

    @property
    def is_ok(self) -> bool:
        return all(hop.is_ok for hop in self.hops)


def send_test_order(*, connection: Connection, code: str, by: Actor, now: datetime) -> TestOrder:
    """Send a test order of 100.00 with this code through the line, and return its hops."""
    # A number, as the ids of all shops are; no real order has one of 18 digits.
    order_id = f"99{int(now.timestamp() * 1_000_000):016}"
    raw = shop_of(connection.kind).test_delivery(
        order_id=order_id,
        code=code.strip(),
        currency=current_brand().currency,
        secret=secret_of(connection),
        now=now,
    )
    received = receive_delivery(
        public_id=connection.public_id,
        raw=RawDelivery({name.lower(): value for name, value in raw.headers.items()}, raw.body),
        network="",
        now=now,
        origin=EventOrigin.TEST,
    )
    audit.record(action="connection.tested", target=connection, by=by, now=now, code=code[:60])
    hops = _arrival(received.receipt)
    if received.event is not None:
        work_on_event(event_id=received.event, now=now)
        event = Event.objects.select_related("connection").get(pk=received.event)
        hops += _later_hops(event, now=now)
    return TestOrder(order_id, _all(hops), received.event)


def _all(hops: list[Hop]) -> tuple[Hop, ...]:
    missing = HOPS[len(hops) :]
    return (*hops, *(Hop(title, None, NOT_SO_FAR) for title in missing))


def _arrival(receipt: Receipt) -> list[Hop]:
    if receipt is Receipt.FORGED:
        return [
            Hop(RECEIVED, True, "The delivery arrived."),
            Hop(
                SIGNED,
                False,
                "It is not signed with the secret of this connection. Enter the secret again.",
            ),
        ]
    if receipt is not Receipt.STORED:
        return [Hop(RECEIVED, False, "The connection takes no deliveries: connect the shop again.")]
    return [
        Hop(RECEIVED, True, "The delivery arrived and was stored."),
        Hop(SIGNED, True, "It is signed with the secret of this connection."),
    ]


def _later_hops(event: Event, *, now: datetime) -> list[Hop]:
    if event.state == EventState.WAITING:
        return [Hop(UNDERSTOOD, False, f"{event.reason} It will be tried again.".strip())]
    if event.state != EventState.DONE:
        return [Hop(UNDERSTOOD, False, event.reason)]
    try:
        facts = read_statements(understand(event))
    except (NotUnderstoodError, ShopAwayError, AccessRefusedError) as error:
        return [Hop(UNDERSTOOD, False, str(error))]
    order = facts.orders[0]
    total = Money(order.total_minor, order.currency)
    codes = " and ".join(order.promo_codes)
    said = f"Order {order.external_id} over {_words(total)}, with the code {codes}."
    return [
        Hop(UNDERSTOOD, True, said if codes else f"{said.partition(', with')[0]}, without a code."),
        Hop(RECORDED, order.is_test, _recorded(order)),
        *_earnings(event.connection, order, now=now),
    ]


def _recorded(order: OrderFacts) -> str:
    if order.is_test:
        return "It is recorded as a test order, which counts in no figure."
    return "The order was recorded, but not as a test: it counts. Cancel it in the list of orders."


@transaction.atomic
def _earnings(connection: Connection, order: OrderFacts, *, now: datetime) -> list[Hop]:
    """Whom a real order like this would be credited to, and what it would earn. Writes nothing."""
    real = replace(order, is_test=False, external_id=f"{order.external_id}-real")
    with transaction.atomic():
        result = record_order(
            source=connection.source, order=real, by=actor_of(connection), now=now
        )
        hops = _credited(result)
        transaction.set_rollback(True)
    return hops


def _credited(result: RecordingResult) -> list[Hop]:
    rows = Conversion.objects.select_related("member", "offer", "order")
    conversion = rows.filter(pk=result.conversion_id).first() if result.conversion_id else None
    if conversion is None:
        why = "; ".join(problem.message for problem in result.problems)
        return [Hop(CREDITED, False, f"A real order would be credited to nobody: {why}.")]
    would_earn = Money(conversion.earnable_minor, conversion.currency)
    return [
        Hop(
            CREDITED,
            True,
            f"{conversion.member} in {conversion.offer}: {conversion.why}.",
        ),
        Hop(EARNS, True, f"{_words(would_earn)}. A test order is not paid."),
    ]


def _words(amount: Money) -> str:
    return f"{amount.plain()} {amount.currency}"
