"""Tracking links, deep links among them, and the clicks on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of, key_of
from api.problems import invalid
from api.resources.enrollments import enrollments_shown
from api.resources.operations import Noun
from api.resources.reading import expanded, filter_id, linked, page_of, row_at, rows_named, shown_id
from api.schemas.enrollments import (
    AskedClick,
    AskedClicks,
    AskedLink,
    AskedLinks,
    ClickShown,
    LinkChange,
    LinkShown,
    LinksShown,
    NewLinks,
)
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from offers.models import Enrollment
from tracking.links.generating import make_links
from tracking.links.items import ItemError, link_url
from tracking.links.tracking_links import change_link
from tracking.models import Click, TrackingLink
from tracking.orders.facts import FieldProblem

NOUN = Noun("links", changes=Scope.MEMBERS)
CLICKS = Noun("clicks", changes=Scope.MEMBERS)
EXPANDABLE = ("enrollment",)


@NOUN.get("/links", Page[LinkShown])
def list_links(request: HttpRequest, asked: Query[AskedLinks]) -> Page[LinkShown]:
    """Return tracking links, the newest first, also those that were ended."""
    whole, found = expanded(asked, *EXPANDABLE), TrackingLink.objects.all()
    if (enrollment := filter_id(IdKind.ENROLLMENT, asked, "enrollment")) is not None:
        found = found.filter(enrollment=enrollment)
    if asked.status:
        found = found.filter(status=asked.status)
    return page_of(
        request, asked, found, column="created_at", show=lambda rows: _show(request, rows, whole)
    )


@NOUN.get("/links/{link}", LinkShown)
def show_link(request: HttpRequest, link: str, asked: Query[AskedLink]) -> LinkShown:
    """Return one tracking link."""
    row = row_at(IdKind.LINK, link, TrackingLink.objects.all())
    return _show(request, [row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/links", LinksShown, status=201)
def give_links(request: HttpRequest, sent: NewLinks) -> LinksShown:
    """Give tracking links to members who have none, or make deep links: all or none.

    A link that a member has already is changed by `PATCH`: with another label or slug than its own,
    this refuses.
    """
    enrollments = Enrollment.objects.select_related("member", "offer")
    rows = rows_named(IdKind.ENROLLMENT, sent.enrollments, enrollments, field="enrollments")
    without = [row for row in rows if not row.offer.gives_links]
    if without:
        message = f"{without[0].offer} gives no links"
        raise invalid([FieldProblem("enrollments", "refused", message)])
    try:
        made = make_links(
            enrollments=rows,
            destination_url=sent.destination_url,
            label=sent.label,
            slug=sent.slug,
            by=actor_of(request),
            now=timezone.now(),
        )
    except ItemError as error:
        field = "enrollments" if sent.destination_url is None else "destination_url"
        raise invalid([FieldProblem(field, "refused", str(error))]) from error
    return LinksShown(data=_show(request, made, frozenset()))


@NOUN.patch("/links/{link}", LinkShown, conflicts=False, versioned=False)
def change_one_link(request: HttpRequest, link: str, sent: LinkChange) -> LinkShown:
    """Give a link another label or slug. Its earlier slugs go on leading to the same page."""
    row = row_at(IdKind.LINK, link, TrackingLink.objects.all())
    changed = change_link(
        link=row, label=sent.label, slug=sent.slug or "", by=actor_of(request), now=timezone.now()
    )
    return _show(request, [changed], frozenset())[0]


@CLICKS.get("/clicks", Page[ClickShown])
def list_clicks(request: HttpRequest, asked: Query[AskedClicks]) -> Page[ClickShown]:
    """Return clicks on links, the newest first, also those that do not count."""
    whole, found = expanded(asked, *EXPANDABLE), Click.objects.all()
    if (enrollment := filter_id(IdKind.ENROLLMENT, asked, "enrollment")) is not None:
        found = found.filter(enrollment=enrollment)
    return page_of(
        request, asked, found, column="clicked_at", show=lambda rows: _clicks(rows, whole)
    )


@CLICKS.get("/clicks/{click}", ClickShown)
def show_click(request: HttpRequest, click: str, asked: Query[AskedClick]) -> ClickShown:
    """Return one click."""
    row = row_at(IdKind.CLICK, click, Click.objects.all())
    return _clicks([row], expanded(asked, *EXPANDABLE))[0]


def _show(
    request: HttpRequest, rows: Sequence[TrackingLink], whole: frozenset[str]
) -> list[LinkShown]:
    link_host = key_of(request).brand.link_host
    ids = [row.enrollment_id for row in rows]
    enrollment = linked(IdKind.ENROLLMENT, "enrollment" in whole, ids, enrollments_shown)
    return [
        LinkShown(
            id=shown_id(IdKind.LINK, row.pk),
            enrollment=enrollment(row.enrollment_id),
            url=link_url(row.slug, link_host),
            slug=row.slug,
            label=row.label,
            destination_url=row.destination_url or None,
            status=cast("Any", row.status),
            created_at=moment(row.created_at),
            ended_at=moment_or_none(row.deactivated_at),
        )
        for row in rows
    ]


def _clicks(rows: Sequence[Click], whole: frozenset[str]) -> list[ClickShown]:
    ids = [row.enrollment_id for row in rows]
    enrollment = linked(IdKind.ENROLLMENT, "enrollment" in whole, ids, enrollments_shown)
    return [
        ClickShown(
            id=shown_id(IdKind.CLICK, row.pk),
            link=shown_id(IdKind.LINK, row.link_id),
            enrollment=enrollment(row.enrollment_id),
            clicked_at=moment(row.clicked_at),
            counted=row.counted,
            kind=row.kind,
            referrer_host=row.referrer_host,
            sub1=row.sub1,
            sub2=row.sub2,
            sub3=row.sub3,
            sub4=row.sub4,
            sub5=row.sub5,
            country=row.country,
            device=row.device,
        )
        for row in rows
    ]
