"""Promo codes: who has and had which, and giving them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of
from api.problems import invalid
from api.resources.enrollments import enrollments_shown
from api.resources.operations import Noun
from api.resources.reading import expanded, filter_id, linked, page_of, row_at, rows_named, shown_id
from api.schemas.enrollments import (
    AskedCode,
    AskedCodes,
    CodeChange,
    CodeShown,
    CodesShown,
    NewCodes,
)
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from offers.models import Enrollment
from tracking.links.code_text import normal_code
from tracking.links.generating import generate_items
from tracking.links.items import ItemError
from tracking.links.promo_codes import GraceError, change_grace
from tracking.models import PromoCode
from tracking.orders.facts import FieldProblem

NOUN = Noun("codes", changes=Scope.MEMBERS)
EXPANDABLE = ("enrollment",)


@NOUN.get("/codes", Page[CodeShown])
def list_codes(request: HttpRequest, asked: Query[AskedCodes]) -> Page[CodeShown]:
    """Return codes, those given last first, also ended ones."""
    whole, found = expanded(asked, *EXPANDABLE), PromoCode.objects.all()
    if (enrollment := filter_id(IdKind.ENROLLMENT, asked, "enrollment")) is not None:
        found = found.filter(enrollment=enrollment)
    if asked.code:
        found = found.named([normal_code(asked.code)])
    if asked.status:
        found = found.filter(status=asked.status)
    return page_of(request, asked, found, column="created_at", show=lambda rows: _show(rows, whole))


@NOUN.get("/codes/{code}", CodeShown)
def show_code(request: HttpRequest, code: str, asked: Query[AskedCode]) -> CodeShown:
    """Return one code of one member."""
    row = row_at(IdKind.CODE, code, PromoCode.objects.all())
    return _show([row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/codes", CodesShown, status=201)
def give_codes(request: HttpRequest, sent: NewCodes) -> CodesShown:
    """Give codes to members of offers, in place of those that they have: all or none.

    A code that somebody else had is refused with the code `had_before` until `may_reuse` names it.
    """
    named = [one.enrollment for one in sent.codes]
    if len(set(named)) < len(named):
        raise invalid([FieldProblem("codes", "duplicate", "an enrollment is named twice")])
    rows = rows_named(
        IdKind.ENROLLMENT,
        named,
        Enrollment.objects.select_related("member", "offer"),
        field="codes",
    )
    _refuse_offers_without_codes(rows)
    try:
        given, _ = generate_items(
            enrollments=rows,
            codes={row.pk: one.code for row, one in zip(rows, sent.codes, strict=True)},
            may_reuse=sent.may_reuse,
            links=False,
            by=actor_of(request),
            now=timezone.now(),
        )
    except ItemError as error:
        raise invalid(_problems(error, [row.pk for row in rows])) from error
    return CodesShown(data=_show(given, frozenset()))


@NOUN.patch("/codes/{code}", CodeShown, conflicts=False, versioned=False)
def change_code(request: HttpRequest, code: str, sent: CodeChange) -> CodeShown:
    """End a code that was replaced and still works: at once, or at another moment."""
    row = row_at(IdKind.CODE, code, PromoCode.objects.all())
    try:
        changed = change_grace(
            code=row, until=sent.ended_at, by=actor_of(request), now=timezone.now()
        )
    except GraceError as error:
        raise invalid([FieldProblem("ended_at", "refused", str(error))]) from error
    return _show([changed], frozenset())[0]


def _refuse_offers_without_codes(rows: Sequence[Enrollment]) -> None:
    problems = [
        FieldProblem(f"codes.{place}.enrollment", "refused", f"{row.offer} gives no codes")
        for place, row in enumerate(rows)
        if not row.offer.gives_codes
    ]
    if problems:
        raise invalid(problems)


def _problems(error: ItemError, ids: Sequence[int]) -> list[FieldProblem]:
    return [
        FieldProblem(f"codes.{ids.index(pk)}.code", _code(pk, error), why)
        for pk, why in error.problems.items()
    ]


def _code(pk: int, error: ItemError) -> str:
    return "had_before" if pk in error.had_before else "refused"


def _show(rows: Sequence[PromoCode], whole: frozenset[str]) -> list[CodeShown]:
    ids = [row.enrollment_id for row in rows]
    enrollment = linked(IdKind.ENROLLMENT, "enrollment" in whole, ids, enrollments_shown)
    return [
        CodeShown(
            id=shown_id(IdKind.CODE, row.pk),
            enrollment=enrollment(row.enrollment_id),
            code=row.code,
            status=cast("Any", row.status),
            created_at=moment(row.created_at),
            ended_at=moment_or_none(row.deactivated_at),
        )
        for row in rows
    ]
