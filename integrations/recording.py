"""Record the facts of one delivery, so that its place among all others makes no difference.

Orders know which of their statements is the newest. Of a refund, the newest word counts: a delivery
that states it, or one that lists all refunds of its order without it. The deliveries that were
worked on tell what was said when, so an older one that comes late changes nothing. A word is as old
as the statement of the order beside it. A shop that is read while a delivery is understood says
what is so now: that is newer than all that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models.functions import Coalesce

from accounts.actors import Actor
from core.db import lock_identities
from integrations.models import Event
from integrations.reading import Facts, NotYetError, sentence
from tracking.models import Refund, RefundState
from tracking.orders.facts import OrderFacts
from tracking.orders.identity import order_identity
from tracking.orders.lookup import facts_as_recorded
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.orders.results import RecordingResult

AHEAD = "in_the_future"


@dataclass(frozen=True, slots=True)
class _LaterWords:
    """The refunds that newer deliveries state, and the orders whose refunds they list whole."""

    refund_ids: frozenset[str]
    listed: frozenset[str]


def record_facts(
    facts: Facts, *, event: Event, by: Actor, now: datetime, was_read_now: bool = False
) -> str:
    """Record everything that a delivery states; return why something was refused, "" if nothing.

    Call it in the transaction that saves the event: its ids and the time of its order are set here.
    `was_read_now`: the facts were read from the shop meanwhile, by the only worker that works on
    its deliveries. Raises NotYetError.
    """
    source = event.connection.source
    event.order_ids, event.refund_ids = facts.order_ids, facts.refund_ids
    event.listed_order_ids = sorted(facts.listed)
    event.deleted_order_ids = sorted(facts.deleted)
    event.happened_at = facts.stated_at or event.happened_at
    lock_identities(order_identity(source, one) for one in facts.order_ids)
    orders = _with_deleted(facts, event)
    results = [
        ("order", result)
        for result in record_orders(source=source, orders=orders, revising=True, by=by, now=now)
    ]
    if facts.refunds or facts.listed:
        later = NO_LATER_WORDS if was_read_now else _later_words(facts, event)
        newest = [
            one
            for one in facts.refunds
            if one.external_id not in later.refund_ids and one.order_external_id not in later.listed
        ]
        results += [
            ("refund", result)
            for result in record_refunds(
                source=source, refunds=newest, replacing=True, by=by, now=now
            )
        ]
        until = None if was_read_now else event.happened_at or event.received_at
        for external_id in _unlisted(facts, later, source, until=until):
            undo_refund(source=source, external_id=external_id, by=by, now=now)
    return _refusals(results)


def _with_deleted(facts: Facts, event: Event) -> list[OrderFacts]:
    """The orders of a delivery; those that are gone in the shop, by it or before, as cancelled.

    One that is gone keeps what was stated of it last. It was cancelled when we heard that it is
    gone, as the shop does not say when.
    """
    gone = dict.fromkeys(facts.deleted, event.received_at)
    told = (
        Event.objects.filter(
            connection=event.connection, deleted_order_ids__overlap=facts.order_ids
        )
        .exclude(deleted_order_ids=[])
        .exclude(pk=event.pk)
    )
    for ids, received_at in told.values_list("deleted_order_ids", "received_at"):
        for one in ids:
            gone[one] = min(received_at, gone.get(one, received_at))
    if not gone:
        return list(facts.orders)
    unstated = facts.deleted - {one.external_id for one in facts.orders}
    known = facts_as_recorded(event.connection.source, unstated) if unstated else {}
    return [
        replace(one, cancelled_at=max(gone[one.external_id], one.ordered_at))
        if one.external_id in gone and one.cancelled_at is None
        else one
        for one in (*facts.orders, *known.values())
    ]


NO_LATER_WORDS = _LaterWords(frozenset(), frozenset())


def _later_words(facts: Facts, event: Event) -> _LaterWords:
    """What newer deliveries said of these orders' refunds. Only what was worked on has ids."""
    others = Event.objects.filter(
        connection=event.connection, order_ids__overlap=facts.order_ids
    ).exclude(pk=event.pk)
    newer = others.annotate(moment=Coalesce("happened_at", "received_at")).filter(
        moment__gt=event.happened_at or event.received_at
    )
    refund_ids: set[str] = set()
    listed: set[str] = set()
    for refunds, orders in newer.values_list("refund_ids", "listed_order_ids"):
        refund_ids.update(refunds)
        listed.update(orders)
    return _LaterWords(frozenset(refund_ids), frozenset(listed))


def _unlisted(
    facts: Facts, later: _LaterWords, source: str, *, until: datetime | None
) -> Iterable[str]:
    """The refunds that are recorded and not listed any more.

    One from the moment of the list or after it, `until`, can't be in the list, and stays.
    """
    listed = facts.listed - later.listed
    if not listed:
        return []
    gone = (
        Refund.objects.filter(source=source, order_external_id__in=sorted(listed))
        .exclude(state=RefundState.UNDONE)
        .exclude(external_id__in={*facts.refund_ids, *later.refund_ids})
    )
    if until is not None:
        gone = gone.filter(refunded_at__lt=until)
    return list(gone.order_by("pk").values_list("external_id", flat=True))


def _refusals(results: list[tuple[str, RecordingResult]]) -> str:
    """Why some were refused, in sentences. Raises NotYetError if later they will not be."""
    refused = [
        sentence(what, one.external_id, one.problems)
        for what, one in results
        if not one.is_accepted
    ]
    problems = [problem for _, one in results if not one.is_accepted for problem in one.problems]
    if any(problem.code == AHEAD for problem in problems):
        raise NotYetError(f"{refused[0]} The shop's clock is ahead of ours: set it right.")
    return " ".join(refused)
