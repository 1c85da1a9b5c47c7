"""Segments: filters of members with a name, one for each name in a brand whatever its case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import parse_qsl

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Segment
from core.db import lock_identities
from core.kept_queries import kept_query
from core.tenancy import current_brand_id
from core.text import UNSTORABLE, names_pattern, one_line

MAX_NAME_LENGTH = 80
MAX_QUERY_LENGTH = 1_000
MAX_SEGMENTS = 200  # of one brand


class SegmentError(ValueError):
    """The segment can't be saved; the message is a sentence."""

    field = "name"


def segments() -> list[Segment]:
    """Return the brand's segments by name."""
    return _segments()


@kept_query
def _segments() -> QuerySet[Segment]:
    return Segment.objects.order_by(Lower("name"), "pk")


@transaction.atomic
def save_segment(*, name: str, query: str, by: Actor, now: datetime) -> Segment:
    """Save a filter under a name.

    Raises SegmentError if there is no name or no filter, if the name is taken whatever its case,
    and if the brand has MAX_SEGMENTS.
    """
    if not query:
        raise SegmentError("Filter the list first: a segment is a filter with a name.")
    if len(query) > MAX_QUERY_LENGTH:
        raise SegmentError("This filter is too long to be saved. Search for fewer words.")
    called = _free_name(name)
    if Segment.objects.count() >= MAX_SEGMENTS:
        raise SegmentError(f"A brand has at most {MAX_SEGMENTS} segments. Delete one first.")
    segment = Segment.objects.create(name=called, query=query, made_by=by.label[:200], made_at=now)
    audit.record(action="segment.saved", target=segment, by=by, now=now, name=called)
    return segment


@transaction.atomic
def rename_segment(*, segment: Segment, name: str, by: Actor, now: datetime) -> Segment:
    """Give the segment another name.

    Raises SegmentError as `save_segment` does, and if somebody has deleted it.
    """
    called = _free_name(name, own=segment)
    row = Segment.objects.select_for_update().filter(pk=segment.pk).first()
    if row is None:
        raise SegmentError("Somebody has just deleted this segment.")
    if row.name != called:
        audit.record(
            action="segment.renamed", target=row, by=by, now=now, before=row.name, name=called
        )
        row.name = called
        row.save(update_fields=["name"])
    return row


@transaction.atomic
def delete_segment(*, segment: Segment, by: Actor, now: datetime) -> None:
    """Delete the segment. Its members stay as they are. A second click does nothing."""
    for row in Segment.objects.select_for_update().filter(pk=segment.pk):
        audit.record(action="segment.deleted", target=row, by=by, now=now, name=row.name)
        row.delete()


@transaction.atomic
def forget_names_in_segments(names: Collection[str], *, instead: str) -> None:
    """Delete segments that search for one of these names or addresses, and rename the others."""
    pattern = names_pattern(names)
    for row in Segment.objects.select_for_update().order_by("pk"):
        if any(pattern.search(value) for _name, value in parse_qsl(row.query)):
            row.delete()
        elif pattern.search(row.name):
            row.name = f"{pattern.sub(instead, row.name)[:60]} {row.pk}"
            row.save(update_fields=["name"])


def _free_name(name: str, own: Segment | None = None) -> str:
    """Return the name in one line. Locks, so that two people can't take it at once."""
    called = one_line(UNSTORABLE.sub("", name))
    if not called:
        raise SegmentError("Give the segment a name.")
    if len(called) > MAX_NAME_LENGTH:
        raise SegmentError(f"A name has at most {MAX_NAME_LENGTH} characters.")
    lock_identities([f"segments:{current_brand_id()}"])
    taken = Segment.objects.annotate(lower=Lower("name")).filter(lower=called.lower())
    for row in taken.exclude(pk=own.pk) if own else taken:
        raise SegmentError(f"There is a segment “{row.name}” already.")
    return called
