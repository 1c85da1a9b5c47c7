"""Record the facts of one delivery, so that its place among all others makes no difference.

Orders know which of their statements is the newest. For refunds, the deliveries that were worked on
tell: what a later one listed is not undone or replaced by an earlier one that comes late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.actors import Actor
from core.db import lock_identities
from integrations.models import Event
from integrations.reading import Facts, sentence
from tracking.models import Order, Refund, RefundState
from tracking.orders.facts import FieldProblem, RefundFacts
from tracking.orders.identity import order_identity
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.orders.results import RecordingResult

AHEAD = "in_the_future"


class NotYetError(Exception):
    """The shop's clock is ahead of ours: nothing was recorded, and later it can be."""


@dataclass(frozen=True, slots=True)
class _Age:
    """Which orders this delivery knows less of than another one that was worked on.

    `outdated` are orders of which a newer statement is known; `relisted` are those whose refunds a
    later delivery listed whole.
    """

    outdated: frozenset[str]
    relisted: frozenset[str]


def record_facts(facts: Facts, *, event: Event, by: Actor, now: datetime) -> str:
    """Record everything that a delivery states; return why something was refused, "" if nothing.

    Call it in the transaction that marks the event. Raises NotYetError.
    """
    source = event.connection.source
    lock_identities(order_identity(source, one) for one in facts.order_ids)
    results = [
        ("order", result)
        for result in record_orders(
            source=source, orders=facts.orders, revising=True, by=by, now=now
        )
    ]
    age = _age(facts, event)
    counting = _counting(facts, age, source)
    results += [
        ("refund", result)
        for result in record_refunds(
            source=source, refunds=counting, replacing=True, by=by, now=now
        )
    ]
    _undo_unlisted(facts, age, source, by=by, now=now)
    return _refusals(results)


def _age(facts: Facts, event: Event) -> _Age:
    source = event.connection.source
    known = dict(
        Order.objects.filter(
            source=source, external_id__in=[one.external_id for one in facts.orders]
        ).values_list("external_id", "updated_at")
    )
    outdated = {
        one.external_id
        for one in facts.orders
        if one.updated_at and known.get(one.external_id, one.updated_at) > one.updated_at
    }
    if not facts.refunds and not facts.listed:
        return _Age(frozenset(outdated), frozenset())
    later = Q(order_ids__overlap=sorted(outdated))
    if event.happened_at is not None:
        later |= Q(happened_at__gt=event.happened_at)
    # Only what was worked on has ids, also while it waits to be worked on again.
    listing = Event.objects.filter(
        later, connection=event.connection, order_ids__overlap=facts.order_ids
    ).exclude(pk=event.pk)
    relisted: set[str] = set()
    for happened_at, ids in listing.values_list("happened_at", "listed_order_ids"):
        is_later = bool(event.happened_at and happened_at and happened_at > event.happened_at)
        relisted |= set(ids) if is_later else set(ids) & outdated
    return _Age(frozenset(outdated), frozenset(relisted))


def _counting(facts: Facts, age: _Age, source: str) -> list[RefundFacts]:
    """The refunds of which this delivery is the newest that is known."""
    candidates = [one for one in facts.refunds if one.order_external_id not in age.relisted]
    old = [one.external_id for one in candidates if one.order_external_id in age.outdated]
    known = set(
        Refund.objects.filter(source=source, external_id__in=old).values_list(
            "external_id", flat=True
        )
    )
    return [one for one in candidates if one.external_id not in known]


def _undo_unlisted(facts: Facts, age: _Age, source: str, *, by: Actor, now: datetime) -> None:
    listed = facts.listed - age.outdated - age.relisted
    if not listed:
        return
    gone = (
        Refund.objects.filter(source=source, order_external_id__in=sorted(listed))
        .exclude(state=RefundState.UNDONE)
        .exclude(external_id__in=facts.refund_ids)
    )
    for external_id in gone.order_by("pk").values_list("external_id", flat=True):
        undo_refund(source=source, external_id=external_id, by=by, now=now)


def _refusals(results: list[tuple[str, RecordingResult]]) -> str:
    """Why some were refused, in sentences. Raises NotYetError if later they will not be."""
    refused = [(what, result) for what, result in results if not result.is_accepted]
    problems = [problem for _, result in refused for problem in result.problems]
    if any(_is_of_the_clock(problem) for problem in problems):
        what, result = refused[0]
        said = sentence(what, result.external_id, result.problems)
        raise NotYetError(f"{said} The shop's clock is ahead of ours: set it right.")
    return " ".join(sentence(what, one.external_id, one.problems) for what, one in refused)


def _is_of_the_clock(problem: FieldProblem) -> bool:
    return problem.code == AHEAD
