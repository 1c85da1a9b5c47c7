"""Rows of a project's steps: each member's code and link, and the mail that sent them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brand_admin.suppressed import suppressed_in_words
from core.references import Reference
from notifications.models import Purpose
from notifications.selectors import MessageStatus, latest_by_about
from offers.models import Enrollment, Offer
from tracking.links.items import Items, items_of
from tracking.links.promo_codes import suggest_codes


@dataclass(frozen=True, slots=True)
class SendRow:
    """`message` is the latest mail with the items; None if there was none."""

    enrollment: Enrollment
    items: Items
    message: MessageStatus | None
    suppressed: str  # why the address gets no mail


def send_rows(enrollments: Sequence[Enrollment]) -> list[SendRow]:
    """Return the rows of these enrollments (with member), in a fixed number of queries."""
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
    """Return the latest mail with the items, by enrollment id."""
    abouts = {Reference.to(row): row.pk for row in enrollments}
    found = latest_by_about(purpose=Purpose.SALES_TRACKING_ITEMS, abouts=abouts)
    return {abouts[Reference(about)]: status for about, status in found.items()}


@dataclass(frozen=True, slots=True)
class GenerateRow:
    """A member who lacks a code or a link. `code` is the suggested or typed code, and `page` the
    destination of a deep link.
    """

    enrollment: Enrollment
    items: Items
    code: str
    problem: str
    had_before: str  # the typed code, if somebody else had it before
    page: str
    page_problem: str


def generate_rows(
    offer: Offer,
    enrollments: Sequence[Enrollment],
    *,
    typed: Mapping[str, str],
    problems: Mapping[int, str],
    had_before: Mapping[int, str],
    off_domain: Mapping[int, str],
) -> list[GenerateRow]:
    """Return the rows of these enrollments, with suggested codes; after an error, with the `typed`
    values and their errors.
    """
    having = items_of(enrollments)
    codes = suggest_codes(offer=offer, enrollments=enrollments) if offer.gives_codes else {}
    return [
        GenerateRow(
            enrollment=row,
            items=having[row.pk],
            code=typed.get(f"code-{row.pk}", codes.get(row.pk, "")),
            problem=problems.get(row.pk, ""),
            had_before=had_before.get(row.pk, ""),
            page=typed.get(f"page-{row.pk}", ""),
            page_problem=off_domain.get(row.pk, ""),
        )
        for row in enrollments
    ]
