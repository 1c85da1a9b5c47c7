"""Lines of a project: what each member has to share, the mail that told them; and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from brand_admin.suppressed import suppressed_in_words
from core.csv_export import csv_moment
from core.references import Reference
from notifications.models import Purpose
from notifications.selectors import MessageStatus, latest_by_about
from offers.models import Enrollment, Offer, Project, ProjectMember
from tracking.figures.member_table import member_rows
from tracking.links.items import Items, items_of
from tracking.outreach.stages import StageStep, StepAnnotations, stages_of

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True, slots=True)
class SendRow:
    """`message` is the latest that was sent with the items; None: none was."""

    enrollment: Enrollment
    items: Items
    message: MessageStatus | None
    suppressed: str  # why no mail goes to the address, in words


def send_rows(enrollments: Sequence[Enrollment]) -> list[SendRow]:
    """The lines of these enrollments (with their member) in a fixed number of queries."""
    items, mails = items_of(enrollments), mails_of(enrollments)
    suppressed = suppressed_in_words(row.member.email for row in enrollments)
    return [
        SendRow(
            enrollment=row,
            items=items[row.pk],
            message=mails.get(row.pk),
            suppressed=suppressed.get(row.member.email, ""),
        )
        for row in enrollments
    ]


def mails_of(enrollments: Sequence[Enrollment]) -> dict[int, MessageStatus]:
    """The latest mail with the items, of those who were sent one, by enrollment id."""
    abouts = {Reference.to(row): row.pk for row in enrollments}
    found = latest_by_about(purpose=Purpose.SALES_TRACKING_ITEMS, abouts=abouts)
    return {abouts[Reference(about)]: status for about, status in found.items()}


def tracking_csv(
    offer: Offer, found: QuerySet[Enrollment], *, now: datetime, batch: int = 500
) -> Iterator[list[str]]:
    """The Tracking step as CSV, header first; amounts in the offer's currency."""
    yield [
        "email", "first_name", "last_name", "code", "link", "sent", "clicks", "conversions",
        "sales", "refunds", "commission", "paid", "due",
    ]  # fmt: skip
    rows = list(found)
    for start in range(0, len(rows), batch):
        page = rows[start : start + batch]
        mails = mails_of(page)
        for row in member_rows(offer, page, now=now):
            member, message = row.enrollment.member, mails.get(row.enrollment.pk)
            yield [
                member.email,
                member.first_name,
                member.last_name,
                row.items.promo_code or "",
                row.items.tracking_link or "",
                message.at.isoformat() if message and message.is_sent and message.at else "",
                str(row.totals.clicks) if offer.gives_links else "",
                str(row.totals.conversions),
                *(
                    amount.plain()
                    for amount in (row.sales, row.refunds, row.commission, row.paid, row.due)
                ),
            ]


def projects_csv(found: Iterator[Project], batch: int = 500) -> Iterator[list[str]]:
    """Projects with how many members stand in each step, header first."""
    yield [
        "name",
        "offer",
        "members",
        *(step.value.replace("-", "_") for step in StageStep),
        "created",
    ]
    while rows := list(islice(found, batch)):
        stages = stages_of([project.pk for project in rows])
        for project in rows:
            stage = stages[project.pk]
            yield [
                project.name,
                " + ".join(offer.name for offer in project.offers),
                str(stage.members),
                *(str(stage.counts.get(step, 0)) for step in StageStep),
                project.created_at.isoformat(),
            ]


def members_csv(
    rows: Iterable[WithAnnotations[ProjectMember, StepAnnotations]],
) -> Iterator[list[str]]:
    """Members of a project, each with their `step`, header first."""
    yield ["email", "first_name", "last_name", "stands_in", "added"]
    for row in rows:
        member, added = row.member, csv_moment(row.added_at)
        yield [member.email, member.first_name, member.last_name, row.step, added]


def generate_csv(offer: Offer, pages: Iterable[list[Enrollment]]) -> Iterator[list[str]]:
    """Who lacks what, header first."""
    yield ["email", "first_name", "last_name", "code", "link", "lacks"]
    for page in pages:
        items = items_of(page)
        for row in page:
            member, has = row.member, items[row.pk]
            code, link = has.promo_code or "", has.tracking_link or ""
            lacks = ["code"] * (offer.gives_codes and not code)
            lacks += ["link"] * (offer.gives_links and not link)
            yield [
                member.email, member.first_name, member.last_name, code, link, " and ".join(lacks)
            ]  # fmt: skip


def send_csv(pages: Iterable[list[Enrollment]]) -> Iterator[list[str]]:
    """Who has what to share, and what became of the mail with it, header first."""
    yield [
        "email", "first_name", "last_name", "code", "link", "status", "at", "reason",
    ]  # fmt: skip
    for page in pages:
        for row in send_rows(page):
            member, message = row.enrollment.member, row.message
            yield [
                member.email,
                member.first_name,
                member.last_name,
                row.items.promo_code or "",
                row.items.tracking_link or "",
                message.state.value if message else "not_sent",
                csv_moment(message.at) if message else "",
                (message.reason if message else "") or row.suppressed,
            ]
