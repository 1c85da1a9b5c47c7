"""Record the facts of one delivery, so that its place among all others makes no difference.

Orders know which of their statements is the newest. Of a refund, the newest word counts: a delivery
that states it, or one that lists all refunds of its order without it. The deliveries that were
worked on tell what was said when, so an older one that comes late changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Coalesce

from accounts.actors import Actor
from core.db import lock_identities
from integrations.models import Event
from integrations.reading import Facts, sentence
from tracking.models import Refund, RefundState
from tracking.orders.identity import order_identity
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.orders.results import RecordingResult

AHEAD = "in_the_future"


class NotYetError(Exception):
    """The shop's clock is ahead of ours: nothing was recorded, and later it can be."""


@dataclass(frozen=True, slots=True)
class _LaterWords:
    """The refunds that newer deliveries state, and the orders whose refunds they list whole."""

    refund_ids: frozenset[str]
    listed: frozenset[str]


def record_facts(facts: Facts, *, event: Event, by: Actor, now: datetime) -> str:
    """Record everything that a delivery states; return why something was refused, "" if nothing.

    Call it in the transaction that saves the event: its ids and, if the delivery had no time, the
    time of its order are set here. Raises NotYetError.
    """
    source = event.connection.source
    event.order_ids, event.refund_ids = facts.order_ids, facts.refund_ids
    event.listed_order_ids = sorted(facts.listed)
    event.happened_at = event.happened_at or facts.stated_at
    lock_identities(order_identity(source, one) for one in facts.order_ids)
    results = [
        ("order", result)
        for result in record_orders(
            source=source, orders=facts.orders, revising=True, by=by, now=now
        )
    ]
    if facts.refunds or facts.listed:
        later = _later_words(facts, event)
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
        _undo_unlisted(facts, later, source, by=by, now=now)
    return _refusals(results)


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


def _undo_unlisted(
    facts: Facts, later: _LaterWords, source: str, *, by: Actor, now: datetime
) -> None:
    if not facts.listed:
        return
    gone = (
        Refund.objects.filter(source=source, order_external_id__in=sorted(facts.listed))
        .exclude(state=RefundState.UNDONE)
        .exclude(external_id__in={*facts.refund_ids, *later.refund_ids})
    )
    for external_id in gone.order_by("pk").values_list("external_id", flat=True):
        undo_refund(source=source, external_id=external_id, by=by, now=now)


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
