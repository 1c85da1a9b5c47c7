"""Enrollments: members in offers, adding them, and what staff do to them there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from accounts.actors import Actor
from affiliates.models import Member
from api.authentication import Scope, actor_of
from api.idempotency import answer_anew
from api.problems import invalid
from api.resources.members import members_shown
from api.resources.offers import offers_shown
from api.resources.operations import Noun
from api.resources.reading import (
    by_number,
    expanded,
    filter_id,
    linked,
    page_of,
    row_at,
    row_named,
    rows_named,
    shown_id,
)
from api.schemas.enrollments import (
    AskedEnrollment,
    AskedEnrollments,
    ChangedEnrollments,
    ChosenEnrollments,
    DashboardLink,
    EnrollmentShown,
    EnrollmentsShown,
    NewEnrollments,
    NotChanged,
)
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from offers import dashboard_links
from offers.models import Enrollment, EnrollmentStatus, Offer
from offers.services import renew_dashboard_link
from tracking.links.items import codes_and_links
from tracking.links.membership import (
    ErasedError,
    OwedError,
    StaysError,
    activate_member,
    add_to_offer,
    deactivate_member,
    remove_from_offer,
)
from tracking.models import PromoCode
from tracking.orders.facts import FieldProblem

NOUN = Noun("enrollments", changes=Scope.MEMBERS)
EXPANDABLE = ("member", "offer")


@NOUN.get("/enrollments", Page[EnrollmentShown])
def list_enrollments(request: HttpRequest, asked: Query[AskedEnrollments]) -> Page[EnrollmentShown]:
    """Return members in offers, those who joined last first, also removed ones."""
    whole, found = expanded(asked, *EXPANDABLE), Enrollment.objects.all()
    if (member := filter_id(IdKind.MEMBER, asked, "member")) is not None:
        found = found.filter(member=member)
    if (offer := filter_id(IdKind.OFFER, asked, "offer")) is not None:
        found = found.filter(offer=offer)
    if asked.status:
        found = found.filter(status=asked.status)
    return page_of(request, asked, found, column="joined_at", show=lambda rows: _show(rows, whole))


@NOUN.get("/enrollments/{enrollment}", EnrollmentShown)
def show_enrollment(
    request: HttpRequest, enrollment: str, asked: Query[AskedEnrollment]
) -> EnrollmentShown:
    """Return one member in one offer."""
    row = row_at(IdKind.ENROLLMENT, enrollment, Enrollment.objects.all())
    return _show([row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/enrollments", EnrollmentsShown, status=201)
def add_members_to_offer(request: HttpRequest, sent: NewEnrollments) -> EnrollmentsShown:
    """Add members to an offer. Who is in it stays as they are; who was removed is back."""
    members = rows_named(IdKind.MEMBER, sent.members, Member.objects.all(), field="members")
    rows = add_to_offer(
        offer=row_named(IdKind.OFFER, sent.offer, Offer.objects.all(), field="offer"),
        members=members,
        with_items=sent.with_items,
        by=actor_of(request),
        now=timezone.now(),
    )
    if erased := {member.pk for member in members} - {row.member_id for row in rows}:
        raise invalid(_erased(sent.members, erased))
    return EnrollmentsShown(data=_show(rows, frozenset()))


@NOUN.post("/enrollments/activate", ChangedEnrollments)
def activate_enrollments(request: HttpRequest, sent: ChosenEnrollments) -> ChangedEnrollments:
    """Activate members in their offers again, with the code and link that they had last."""
    return _each(request, sent, activate_member, onto=EnrollmentStatus.ACTIVE)


@NOUN.post("/enrollments/deactivate", ChangedEnrollments)
def deactivate_enrollments(request: HttpRequest, sent: ChosenEnrollments) -> ChangedEnrollments:
    """Stop members' codes and links. What they earned stays."""
    return _each(request, sent, deactivate_member, onto=EnrollmentStatus.INACTIVE)


@NOUN.post("/enrollments/remove", ChangedEnrollments)
def remove_enrollments(request: HttpRequest, sent: ChosenEnrollments) -> ChangedEnrollments:
    """Remove members from their offers. Who is owed money is skipped: pay them first."""
    return _each(request, sent, remove_from_offer, onto=EnrollmentStatus.REMOVED)


@NOUN.post("/enrollments/renew-dashboard-link", ChangedEnrollments)
def renew_dashboard_links(request: HttpRequest, sent: ChosenEnrollments) -> ChangedEnrollments:
    """Revoke members' dashboard links. Each gets another one."""
    return _each(request, sent, renew_dashboard_link, onto=None)


@NOUN.post("/enrollments/{enrollment}/dashboard-link", DashboardLink)
def show_dashboard_link(request: HttpRequest, enrollment: str) -> DashboardLink:
    """Return the link that opens a member's dashboard. Changes nothing, but is a secret."""
    answer_anew(request)
    row = row_at(IdKind.ENROLLMENT, enrollment, Enrollment.objects.all())
    return DashboardLink(
        enrollment=shown_id(IdKind.ENROLLMENT, row.pk), url=dashboard_links.url_for(row)
    )


def enrollments_shown(ids: Collection[int]) -> dict[int, EnrollmentShown]:
    """Return enrollments whole, by number, in three queries."""
    rows = list(Enrollment.objects.filter(pk__in=ids))
    return by_number(rows, lambda found: _show(found, frozenset()))


def _show(rows: Sequence[Enrollment], whole: frozenset[str]) -> list[EnrollmentShown]:
    members, offers = ([getattr(row, name) for row in rows] for name in ("member_id", "offer_id"))
    member = linked(IdKind.MEMBER, "member" in whole, members, members_shown)
    offer = linked(IdKind.OFFER, "offer" in whole, offers, offers_shown)
    codes, links = codes_and_links([row.pk for row in rows])
    return [
        EnrollmentShown(
            id=shown_id(IdKind.ENROLLMENT, row.pk),
            member=member(row.member_id),
            offer=offer(row.offer_id),
            status=cast("Any", row.status),
            joined_at=moment(row.joined_at),
            away_since=moment_or_none(row.deactivated_at),
            code=codes.get(row.pk),
            link=links.get(row.pk),
        )
        for row in rows
    ]


def _erased(ids: Sequence[str], erased: Collection[int]) -> list[FieldProblem]:
    named = {shown_id(IdKind.MEMBER, pk) for pk in erased}
    return [
        FieldProblem(f"members.{place}", "refused", f"{one} {ErasedError()}: leave them out")
        for place, one in enumerate(ids)
        if one in named
    ]


def _each(
    request: HttpRequest,
    sent: ChosenEnrollments,
    service: Callable[..., object],
    *,
    onto: EnrollmentStatus | None,
) -> ChangedEnrollments:
    """Call the service for each of them; `onto` is the status that it leads to."""
    rows: QuerySet[Enrollment] = Enrollment.objects.select_related("member", "offer")
    chosen = rows_named(IdKind.ENROLLMENT, sent.enrollments, rows, field="enrollments")
    done = ChangedEnrollments(changed=0, unchanged=0, skipped=[], notes=[])
    by, now = actor_of(request), timezone.now()
    for row in sorted(chosen, key=lambda one: one.pk):
        if onto is not None and row.status == onto:
            done.unchanged += 1
        else:
            _do(service, row, done, by=by, now=now)
    return done


def _do(
    service: Callable[..., object],
    row: Enrollment,
    done: ChangedEnrollments,
    *,
    by: Actor,
    now: datetime,
) -> None:
    try:
        taken_by = service(enrollment=row, by=by, now=now)
    except OwedError as error:
        done.skipped.append(_not(row, f"is owed {error.owed}"))
        return
    except StaysError as error:
        done.skipped.append(_not(row, str(error)))
        return
    done.changed += 1
    if isinstance(taken_by, PromoCode):
        holder = taken_by.enrollment.member
        done.notes.append(_not(row, f"has no code now: {taken_by.code} belongs to {holder}"))


def _not(row: Enrollment, why: str) -> NotChanged:
    return NotChanged(enrollment=shown_id(IdKind.ENROLLMENT, row.pk), why=why)
