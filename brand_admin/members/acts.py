"""What can be done with one member, for the menu of a row and the head of the member's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from affiliates.models import Member
from core.money import Money
from offers.dashboard_links import url_for
from offers.models import Enrollment, EnrollmentStatus
from tracking.figures.member_summaries import MemberSummary, member_summaries


@dataclass(frozen=True, slots=True)
class Acts:
    """`only` is the member's only current offer, whose mail and dashboard need no choice."""

    member_id: int
    is_in_an_offer: bool
    only: Enrollment | None
    dashboard: str  # the address of the only dashboard
    due: tuple[Money, ...]  # more than zero, one for each currency
    takes_code: bool
    is_active: bool


def acts_on(summary: MemberSummary) -> Acts:
    """Return what the figures of a member allow."""
    current = summary.current
    only = current[0] if len(current) == 1 else None
    active = [row for row in current if row.status == EnrollmentStatus.ACTIVE]
    return Acts(
        member_id=summary.member.pk,
        is_in_an_offer=bool(current),
        only=only,
        dashboard=url_for(only) if only else "",
        due=tuple(amount for amount in summary.due if amount.minor > 0),
        takes_code=any(row.offer.gives_codes for row in active),
        is_active=bool(active),
    )


def acts_on_member(member: Member, *, now: datetime) -> Acts:
    """Return the same for one member, in the queries of their summary."""
    [summary] = member_summaries([member], now=now)
    return acts_on(summary)
