"""Take a person's names out of the texts that people typed about sales, payments and members.

`FREE_TEXTS` is the one list of these columns. A test asks of every text column of a brand's tables
whether it is in this list, erased elsewhere, or never holds the name of a member.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pgtrigger
from django.db.models import JSONField, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import ApiRequest
from affiliates.models import MemberNote
from core.tenancy import TenantModel
from core.text import names_pattern
from payouts.models import LedgerEntry, Payout, PayoutRun
from tracking.models import (
    Conversion,
    Evidence,
    Flag,
    LeakedCode,
    Question,
    Refund,
    TrackingLink,
)


@dataclass(frozen=True, slots=True)
class FreeText:
    """Columns of a table that hold what a person typed, in the rows for which `where` is true."""

    model: type[TenantModel]
    columns: tuple[str, ...]
    where: Q = field(default_factory=Q)


FREE_TEXTS = (
    FreeText(Payout, ("reference", "reason")),
    FreeText(PayoutRun, ("reference", "reason")),
    FreeText(LedgerEntry, ("note",)),
    FreeText(Conversion, ("share_reason", "decision_reason", "reason")),
    # Every conversion has these two. Only those that were added by hand hold what staff typed.
    FreeText(
        Conversion,
        ("why", "claims"),
        where=Q(claims__contains=[{"evidence": Evidence.BY_HAND.value}]),
    ),
    FreeText(Refund, ("reason",)),
    FreeText(Flag, ("reason",)),
    FreeText(LeakedCode, ("reason",)),
    FreeText(Question, ("note", "answer")),
    FreeText(TrackingLink, ("label",)),
    FreeText(MemberNote, ("text",)),
    FreeText(ApiRequest, ("detail", "sent", "answered")),
)
# Only an erasure changes the rows of an append-only table, and only their texts.
_APPEND_ONLY = "payouts.LedgerEntry:payouts_entry_append_only"


def erase_from_free_texts(*, names: Collection[str], instead: str) -> None:
    """Write `instead` for each of the names and addresses in the texts of the brand acted for.

    Also in texts about other members, which may name the person too. Call it in the transaction
    that erases the person.
    """
    pattern = names_pattern(names)
    with pgtrigger.ignore(_APPEND_ONLY):
        for texts in FREE_TEXTS:
            for row in _rows_that_may_name(texts, names).order_by("pk"):
                changed = {
                    column: _erased(texts.model, column, row[column], pattern, instead)
                    for column in texts.columns
                }
                if any(changed[column] != row[column] for column in texts.columns):
                    texts.model.objects.filter(pk=row["pk"]).update(**changed)


def without_names(value: Any, pattern: re.Pattern[str], *, instead: str) -> Any:
    """Return a value of JSON with `instead` for each name in its texts."""
    if isinstance(value, dict):
        return {key: without_names(inner, pattern, instead=instead) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_names(inner, pattern, instead=instead) for inner in value]
    return pattern.sub(instead, value) if isinstance(value, str) else value


def _erased(
    model: type[TenantModel], column: str, value: Any, pattern: re.Pattern[str], instead: str
) -> Any:
    """Return the value without names, and no longer than the column."""
    erased = without_names(value, pattern, instead=instead)
    longest: int | None = getattr(model._meta.get_field(column), "max_length", None)
    return erased[:longest] if isinstance(erased, str) else erased


def _rows_that_may_name(texts: FreeText, names: Collection[str]) -> QuerySet[Any, dict[str, Any]]:
    """Find the rows as PostgreSQL can. Most texts are empty, and are not searched."""
    rows, found = texts.model.objects.filter(texts.where), Q()
    for column in texts.columns:
        searched, is_empty = column, Q((column, ""))
        if isinstance(texts.model._meta.get_field(column), JSONField):
            searched, is_empty = f"{column}_as_text", Q((column, []))
            rows = rows.annotate(**{searched: Cast(column, TextField())})
        found |= ~is_empty & Q.create(
            [Q((f"{searched}__icontains", name)) for name in names], connector=Q.OR
        )
    named: QuerySet[Any, dict[str, Any]] = rows.filter(found).values("pk", *texts.columns)
    return named
