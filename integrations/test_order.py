"""Send a test order through the whole line, and say at each hop what became of it.

The shop's own format, signature, storing and recording are used, and a worker records it, as it
does with the shop's orders. The order is marked as a test, so it counts in no figure; what it would
earn is worked out and undone again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

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
    ShopAwayError,
)
from integrations.shops import shop_of
from integrations.working import actor_of, understand
from offers.models import OfferStatus
from tracking.links.code_text import normal_code
from tracking.models import Conversion, PromoCode
from tracking.orders.facts import OrderFacts
from tracking.orders.recording import record_order
from tracking.orders.results import RecordingResult

RECEIVED, SIGNED, TAKEN, UNDERSTOOD = "Received", "Signature", "Worker", "Understood"
RECORDED, CREDITED, EARNS = "Recorded", "Credited", "Would earn"
NOT_SO_FAR = "It did not get this far."
HOPS = (RECEIVED, SIGNED, TAKEN, UNDERSTOOD, RECORDED, CREDITED, EARNS)
NOT_ACTIVE = {
    OfferStatus.PAUSED: "is paused",
    OfferStatus.ENDED: "has ended",
    OfferStatus.ARCHIVED: "is archived",
}
# A worker takes a delivery within a second; after this long something is wrong.
WORKER_IS_LATE_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the line. `is_ok` is None where the order did not get this far, or not yet."""

    title: str
    is_ok: bool | None
    text: str
    is_under_way: bool = False


@dataclass(frozen=True, slots=True)
class TestOrder:
    """What became of a test order so far, hop by hop. Without an event it was not stored."""

    hops: tuple[Hop, ...]
    event_id: int | None = None

    @property
    def is_ok(self) -> bool:
        return all(hop.is_ok for hop in self.hops)

    @property
    def is_under_way(self) -> bool:
        return any(hop.is_under_way for hop in self.hops)


def send_test_order(*, connection: Connection, code: str, by: Actor, now: datetime) -> TestOrder:
    """Send a test order of 100.00 with this code, and return the hops that it made at once.

    A worker does the rest: see `follow_test_order`.
    """
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
        raw=raw,
        network="",
        now=now,
        origin=EventOrigin.TEST,
    )
    audit.record(action="connection.tested", target=connection, by=by, now=now, code=code[:60])
    if received.event is None:
        return TestOrder(_all(_arrival(received.receipt)))
    return follow_test_order(event=sent_test_orders(connection).get(pk=received.event), now=now)


def follow_test_order(*, event: Event, now: datetime) -> TestOrder:
    """Return the hops that a test order made by now. Writes nothing."""
    hops = [*_arrival(Receipt.STORED), *_later_hops(event, now=now)]
    return TestOrder(_all(hops), event.pk)


def sent_test_orders(connection: Connection) -> QuerySet[Event]:
    """The test orders that were sent to a connection, newest first."""
    found = Event.objects.filter(connection=connection, origin=EventOrigin.TEST)
    return found.select_related("connection").order_by("-received_at", "-pk")


def _all(hops: list[Hop]) -> tuple[Hop, ...]:
    """All hops: those that it made, and those that it did not make, or not yet."""
    missing, waits = HOPS[len(hops) :], hops[-1].is_under_way
    said = "" if waits else NOT_SO_FAR
    return (*hops, *(Hop(title, None, said) for title in missing))


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
    if event.state == EventState.WAITING and not event.reason:
        return [_waiting(event, now=now)]
    taken = Hop(TAKEN, True, "A worker took it.")
    if event.state == EventState.WAITING:
        return [taken, Hop(UNDERSTOOD, False, f"{event.reason} It will be tried again.")]
    if event.state != EventState.DONE:
        return [taken, Hop(UNDERSTOOD, False, event.reason)]
    try:
        facts = read_statements(understand(event))
    except (NotUnderstoodError, ShopAwayError, AccessRefusedError) as error:
        return [taken, Hop(UNDERSTOOD, False, str(error))]
    return [taken, *_recording_hops(event, facts.orders[0], now=now)]


def _waiting(event: Event, *, now: datetime) -> Hop:
    seconds = int((now - event.received_at).total_seconds())
    if seconds < WORKER_IS_LATE_AFTER.total_seconds():
        return Hop(TAKEN, None, "It waits for a worker.", is_under_way=True)
    text = (
        f"No worker has taken it for {seconds:,} seconds: the worker is stopped, or has much to do."
        " The shop's orders wait too, and none is lost. Ask the person who runs this server to"
        " start the worker."
    )
    return Hop(TAKEN, False, text)


def _recording_hops(event: Event, order: OrderFacts, *, now: datetime) -> list[Hop]:
    total = Money(order.total_minor, order.currency)
    codes = " and ".join(order.promo_codes)
    said = f"Order {order.external_id} over {total}, with the code {codes}."
    return [
        Hop(UNDERSTOOD, True, said if codes else f"{said.partition(', with')[0]}, without a code."),
        Hop(RECORDED, order.is_test, _recorded(order)),
        *_earnings(event.connection, order, now=now),
    ]


def _recorded(order: OrderFacts) -> str:
    if order.is_test:
        return "It is recorded as a test order, which counts in no figure."
    return "The order was recorded, but not as a test: it counts. Cancel it in the list of orders."


def _earnings(connection: Connection, order: OrderFacts, *, now: datetime) -> list[Hop]:
    """Whom a real order like this would be credited to, and what it would earn. Writes nothing."""
    real = replace(order, is_test=False, external_id=f"{order.external_id}-real")
    with transaction.atomic():
        result = record_order(
            source=connection.source, order=real, by=actor_of(connection), now=now
        )
        hops = _credited(result, order, now=now)
        transaction.set_rollback(True)
    return hops


def _credited(result: RecordingResult, order: OrderFacts, *, now: datetime) -> list[Hop]:
    rows = Conversion.objects.select_related("member", "offer", "order")
    conversion = rows.filter(pk=result.conversion_id).first() if result.conversion_id else None
    if conversion is None:
        why = "; ".join(problem.message for problem in result.problems)
        text = f"A real order would be credited to nobody: {why}. {_advice(order, now=now)}"
        return [Hop(CREDITED, False, text.strip())]
    would_earn = Money(conversion.earnable_minor, conversion.currency)
    return [
        Hop(
            CREDITED,
            True,
            f"{conversion.member} in {conversion.offer}: {conversion.why}.",
        ),
        Hop(EARNS, True, f"{would_earn}. A test order is not paid."),
    ]


def _advice(order: OrderFacts, *, now: datetime) -> str:
    """What staff can do about the order's code, from how its newest holder is now."""
    if not order.promo_codes:
        return "Choose a member's code above."
    wanted = [normal_code(code) for code in order.promo_codes]
    rows = PromoCode.objects.named(wanted).order_by("-pk")
    code = rows.select_related("enrollment__offer", "enrollment__member").first()
    if code is None:
        return "See that it is spelled right, or give it to a member in a project."
    enrollment, offer = code.enrollment, code.enrollment.offer
    if not enrollment.is_active:
        return f"{enrollment.member} is not active in {offer.name}: activate them on its page."
    if not code.is_in_use:
        return f"It is out of use in {offer.name}: activate it there."
    if offer.status != OfferStatus.ACTIVE:
        return f"The offer {offer.name} {NOT_ACTIVE[OfferStatus(offer.status)]}: resume it."
    if offer.starts_at is not None and now < offer.starts_at:
        return f"The offer {offer.name} has not begun: change its first day."
    if offer.ends_at is not None and now >= offer.ends_at:
        return f"The offer {offer.name} is over: change its last day."
    if offer.currency != order.currency:
        return f"The offer {offer.name} is in {offer.currency}: enter an exchange rate."
    return ""
