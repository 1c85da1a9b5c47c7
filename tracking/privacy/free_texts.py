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
    """Columns of a table that hold what a person typed, in the rows for which `where` is true.

    Of JSON whose other values code reads, `keys` are the keys with such texts.
    """

    model: type[TenantModel]
    columns: tuple[str, ...]
    where: Q = field(default_factory=Q)
    keys: frozenset[str] | None = None


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
        keys=frozenset({"reason", "words"}),
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

    Also in texts about other members, which may name the person too. A name of one word is a word
    of sentences as well ("May", "Will"), so it has to be the whole text. Call it in the transaction
    that erases the person.
    """
    pattern = _pattern(names)
    with pgtrigger.ignore(_APPEND_ONLY):
        for texts in FREE_TEXTS:
            for row in _rows_that_may_name(texts, names).order_by("pk"):
                erased = {
                    column: _erased(texts, column, row[column], pattern, instead)
                    for column in texts.columns
                }
                changed = {name: value for name, value in erased.items() if value != row[name]}
                if changed:
                    texts.model.objects.filter(pk=row["pk"]).update(**changed)


def without_names(
    value: Any, pattern: re.Pattern[str], *, instead: str, keys: frozenset[str] | None = None
) -> Any:
    """Return a value of JSON with `instead` for each name in its texts, of these keys or all."""
    if isinstance(value, dict):
        return {
            key: without_names(inner, pattern, instead=instead, keys=keys)
            if keys is None or key in keys
            else inner
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [without_names(inner, pattern, instead=instead, keys=keys) for inner in value]
    return pattern.sub(instead, value) if isinstance(value, str) else value


def _is_one_word(name: str) -> bool:
    return "@" not in name and " " not in name


def _pattern(names: Collection[str]) -> re.Pattern[str]:
    several = names_pattern(name for name in names if not _is_one_word(name)).pattern
    alone = (rf"\A\s*{re.escape(name)}\s*\Z" for name in names if _is_one_word(name))
    return re.compile("|".join([several, *alone]), re.IGNORECASE)


def _erased(
    texts: FreeText, column: str, value: Any, pattern: re.Pattern[str], instead: str
) -> Any:
    """Return the value without names, and no longer than the column."""
    erased = without_names(value, pattern, instead=instead, keys=texts.keys)
    longest: int | None = getattr(texts.model._meta.get_field(column), "max_length", None)
    return erased[:longest] if isinstance(erased, str) else erased


def _rows_that_may_name(texts: FreeText, names: Collection[str]) -> QuerySet[Any, dict[str, Any]]:
    """Find and lock the rows as PostgreSQL can. Most texts are empty, and are not searched."""
    locked = texts.model.objects.select_for_update(of=("self",), no_key=True)
    rows, found = locked.filter(texts.where), Q()
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
