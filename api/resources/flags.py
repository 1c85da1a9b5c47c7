"""Flags of sales: reading, clearing and rejecting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of
from api.resources.conversions import conversions_shown
from api.resources.operations import Noun
from api.resources.reading import (
    expanded,
    filter_id,
    ids_named,
    linked,
    page_of,
    row_at,
    shown_id,
)
from api.schemas.flags import (
    AskedFlag,
    AskedFlags,
    ClearedFlags,
    FlagShown,
    RejectedFlags,
)
from api.schemas.parts import Changed, Page, moment, moment_or_none
from core.public_ids import IdKind
from tracking.flags.deciding import clear_flags, reject_flags
from tracking.flags.selectors import flags, named
from tracking.flags.sentences import sentence
from tracking.models import Flag, FlagState

NOUN = Noun("flags", changes=Scope.ORDERS)
EXPANDABLE = ("conversion",)


@NOUN.get("/flags", Page[FlagShown])
def list_flags(request: HttpRequest, asked: Query[AskedFlags]) -> Page[FlagShown]:
    """Return flags, those raised last first."""
    whole = expanded(asked, *EXPANDABLE)
    found = flags(
        search=asked.search,
        state=asked.state,
        kind=asked.kind,
        offer_id=filter_id(IdKind.OFFER, asked, "offer"),
        member_id=filter_id(IdKind.MEMBER, asked, "member"),
        conversion_id=filter_id(IdKind.CONVERSION, asked, "conversion"),
    )
    return page_of(request, asked, found, column="raised_at", show=lambda rows: _show(rows, whole))


@NOUN.get("/flags/{flag}", FlagShown)
def show_flag(request: HttpRequest, flag: str, asked: Query[AskedFlag]) -> FlagShown:
    """Return one flag."""
    row = row_at(IdKind.FLAG, flag, flags())
    return _show([row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/flags/clear", Changed)
def clear_some_flags(request: HttpRequest, sent: ClearedFlags) -> Changed:
    """Clear open flags that were false. A sale that they held for review earns at once."""
    changed = clear_flags(
        flag_ids=_flag_ids(sent.flags),
        reason=sent.reason,
        by=actor_of(request),
        now=timezone.now(),
    )
    return Changed(changed=changed)


@NOUN.post("/flags/reject", Changed)
def reject_some_flags(request: HttpRequest, sent: RejectedFlags) -> Changed:
    """Reject the sales of open flags. What was earned is taken back from what is due."""
    changed = reject_flags(
        flag_ids=_flag_ids(sent.flags),
        reason=sent.reason,
        by=actor_of(request),
        now=timezone.now(),
    )
    return Changed(changed=changed)


def _flag_ids(texts: Sequence[str]) -> list[int]:
    return ids_named(IdKind.FLAG, texts, Flag.objects.all(), field="flags")


def _show(rows: Sequence[Flag], whole: frozenset[str]) -> list[FlagShown]:
    ids = [row.conversion_id for row in rows]
    conversion = linked(IdKind.CONVERSION, "conversion" in whole, ids, conversions_shown)
    return [
        FlagShown(
            id=shown_id(IdKind.FLAG, row.pk),
            conversion=conversion(row.conversion_id),
            enrollment=shown_id(IdKind.ENROLLMENT, row.enrollment_id),
            member=shown_id(IdKind.MEMBER, row.member_id),
            offer=shown_id(IdKind.OFFER, row.offer_id),
            kind=cast("Any", row.kind),
            state=cast("Any", row.state),
            words=sentence(row),
            evidence=_evidence(row),
            holds=row.state == FlagState.OPEN and row.conversion.is_held,
            raised_at=moment(row.raised_at),
            decided_at=moment_or_none(row.decided_at),
            decided_by=row.decided_by,
            reason=row.reason,
        )
        for row in named(rows)
    ]


def _evidence(row: Flag) -> dict[str, Any]:
    """The evidence, where another member is named by their id."""
    member = row.evidence.get("member")
    shown = {"member": shown_id(IdKind.MEMBER, member)} if member else {}
    return {**row.evidence, **shown}
