"""Send a written mail to members of an offer: what the email drawer and the API both do.

Who gets it is decided by `audience`, whether the text suits each of them by `split`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from affiliates.models import MemberTag
from core.references import Reference
from notifications.models import Campaign, Purpose
from notifications.rendering import Prepared, missing_values
from notifications.services import Recipient, confirm_campaign
from offers.models import Enrollment, Offer


@dataclass(frozen=True, slots=True)
class Blocked:
    """A recipient who can't have the mail as it is written, and the values they lack."""

    recipient: Recipient
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """The recipients as the written mail parts them."""

    ready: tuple[Recipient, ...]
    blocked: tuple[Blocked, ...]

    @property
    def everyone(self) -> tuple[Recipient, ...]:
        """Who is to be looked at in the preview; those with a gap first."""
        return (*(one.recipient for one in self.blocked), *self.ready)


def split(recipients: Sequence[Recipient], prepared: Prepared) -> Split:
    """Part those who can have the mail from those it has a gap for."""
    ready, blocked = [], []
    for one in recipients:
        missing = missing_values(prepared, values=one.values)
        if missing:
            blocked.append(Blocked(one, missing))
        else:
            ready.append(one)
    return Split(tuple(ready), tuple(blocked))


def enrollments_to_mail(
    offer: Offer, *, member_ids: Sequence[int] | None = None, tag: str = ""
) -> QuerySet[Enrollment]:
    """These members in the offer, or those with a tag; without either, all who are in it."""
    found = Enrollment.objects.filter(offer=offer)
    found = found.not_removed() if member_ids is None else found.filter(member__in=member_ids)
    if tag:
        found = found.filter(member__in=MemberTag.objects.filter(tag=tag).values("member"))
    return found


def send_to_members(
    *,
    purpose: str,
    offer: Offer,
    subject: str,
    body: str,
    recipients: Sequence[Recipient],
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
    latest_seen: int | None = None,
) -> Campaign:
    """Send what somebody wrote to members of an offer, once for each `confirmation`.

    Raises what notifications.services.confirm_campaign raises; nothing is sent then.
    """
    return confirm_campaign(
        purpose=Purpose(purpose),
        about=Reference.to(offer),
        title=offer.name,
        subject=subject,
        body=body,
        recipients=recipients,
        confirmation=confirmation,
        by=by,
        now=now,
        latest_seen=latest_seen,
        is_written=True,
    )
