"""Mail the notices that are due, all of one kind to one member in one mail.

Whether a mail goes is decided here, with what is so now. A notice is settled in the transaction
that confirms its mail, under a lock on its row: so each is mailed once, by whichever process.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Model
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import Brand
from accounts.selectors import current_brand
from affiliates.models import Member
from affiliates.selectors import language_of
from core.languages import speaking
from core.postgres.outages import OUTAGES, defects_logged
from core.references import Reference
from core.tenancy import across_brands, acting_for
from notices.models import TO_MANY, NoMail, Notice, NoticeKind, NoticeQuerySet
from notices.month_mails import month_text, month_told, offer_months
from notices.payment_mails import STATE_TOLD, payment_text
from notices.reading import TOLD_WITHIN
from notices.sale_mails import sales_text, sales_that_count
from notices.selectors import kinds_declined, kinds_sent
from notices.texts import NoticeText
from notices.welcome_mails import joined, welcome_text
from notifications.email_addresses import can_be_mailed
from notifications.models import Campaign, Purpose
from notifications.selectors import suppressed_among
from notifications.services import Recipient, confirm_campaign
from offers.dashboard_links import url_for
from offers.models import Enrollment
from payouts.models import Payout
from tracking.models import Conversion

TRY_AGAIN_AFTER = timedelta(minutes=10)  # what failed because of a defect
MAX_BRANDS_AT_ONCE = 200
MAX_MEMBERS_AT_ONCE = 100  # of a brand; then other brands go first
BY = Actor.system("automatic mails")
_NAMESPACE = uuid.UUID("c3f6b1d4-2c55-4c55-9a0e-7f1a3d0c9b62")
logger = logging.getLogger(__name__)


def send_due(*, now: datetime) -> int:
    """Mail what is due in every brand; return how many mails were confirmed.

    Two processes may do this at once.
    """
    with across_brands(reason="due notices are found over all brands"):
        found = _due(now).order_by().values_list("brand_id", flat=True).distinct()
        brands = list(found[:MAX_BRANDS_AT_ONCE])
    sent = 0
    for brand_id in brands:
        with acting_for(brand_id), defects_logged(logger, "members could not be told"):
            members = _due(now).values("member_id").annotate(first=Min("due_at")).order_by("first")
            for member_id in list(
                members.values_list("member_id", flat=True)[:MAX_MEMBERS_AT_ONCE]
            ):
                sent += _send_safely(member_id, now=now)
    return sent


def _due(now: datetime) -> NoticeQuerySet:
    found: NoticeQuerySet = Notice.objects.waiting().filter(due_at__lte=now)
    return found


def _send_safely(member_id: int, *, now: datetime) -> int:
    """A defect in what is stored of one member holds up nobody else, and is tried again later."""
    try:
        return _send_to(member_id, now=now)
    except OUTAGES:
        raise
    except Exception:
        logger.exception("a member could not be told what happened")
        _due(now).filter(member=member_id).update(due_at=now + TRY_AGAIN_AFTER)
        return 0


@transaction.atomic
def _send_to(member_id: int, *, now: datetime) -> int:
    rows = _due(now).filter(member=member_id).select_for_update(skip_locked=True, of=("self",))
    by_kind: dict[NoticeKind, list[Notice]] = defaultdict(list)
    for row in rows.order_by("pk"):
        by_kind[NoticeKind(row.kind)].append(row)
    if not by_kind:
        return 0
    # Locked, so that a mail is not made of a name and an address that are just being erased.
    locked = Member.objects.select_for_update(of=("self",), no_key=True)
    member = locked.select_related("creator").get(pk=member_id)
    return sum(_tell(kind, member, found, now=now) for kind, found in by_kind.items())


def _tell(kind: NoticeKind, member: Member, notices: Sequence[Notice], *, now: datetime) -> bool:
    """Confirm one mail about those that are still so; settle all. Returns whether there is one."""
    reason = _reason_against(kind, member)
    if reason is not None:
        _settle(notices, now=now, reason=reason)
        return False
    old = [one for one in notices if one.happened_at < now - TOLD_WITHIN]
    _settle(old, now=now, reason=NoMail.TOO_OLD)
    young = [one for one in notices if one not in old]
    facts = _facts(kind, member, young)
    _settle([one for one in young if one.about not in facts], now=now, reason=NoMail.NOT_SO)
    told = [one for one in young if one.about in facts]
    if not told:
        return False
    brand = current_brand()
    with speaking(language_of(member)), timezone.override(brand.zone):
        text = _text(kind, {one.about: facts[one.about] for one in told}, brand=brand, now=now)
        campaign = _confirm(kind, member, told, text, brand=brand, now=now)
    _settle(told, now=now, campaign=campaign)
    return True


def _facts(kind: NoticeKind, member: Member, notices: Sequence[Notice]) -> dict[str, Any]:
    """Return what is still as the notices tell, by what they are about."""
    if kind == NoticeKind.MONTH:
        months = {one.about: offer_months(member, month_told(one.about)) for one in notices}
        return {about: offers for about, offers in months.items() if offers}
    rows: Iterable[Model]
    if kind == NoticeKind.SALES:
        rows = sales_that_count(member, _ids(Conversion, notices))
    elif kind == NoticeKind.WELCOME:
        rows = joined(member, _ids(Enrollment, notices))
    else:
        rows = Payout.objects.filter(
            pk__in=_ids(Payout, notices), member=member, state=STATE_TOLD[kind]
        )
    return {Reference.to(row): row for row in rows}


def _ids(model: type[Model], notices: Iterable[Notice]) -> list[int]:
    """Return the ids of the rows that the notices are about."""
    found = (Reference(one.about).id_of(model) for one in notices)
    return [pk for pk in found if pk is not None]


def _text(kind: NoticeKind, facts: dict[str, Any], *, brand: Brand, now: datetime) -> NoticeText:
    told = list(facts.values())
    if kind == NoticeKind.MONTH:
        about = max(facts)  # of two months, the last
        return month_text(month_told(about), facts[about], now=now)
    if kind == NoticeKind.SALES:
        return sales_text(sorted(told, key=lambda sale: (sale.occurred_at, sale.pk)))
    if kind == NoticeKind.WELCOME:
        return welcome_text(told, now=now)
    return payment_text(kind, told, brand=brand)


def _reason_against(kind: NoticeKind, member: Member) -> NoMail | None:
    """Return why this member gets no mail of this kind now; None if they get it."""
    if member.deleted_at is not None:
        return NoMail.DELETED
    if not member.email or not can_be_mailed(member.email):
        return NoMail.NO_ADDRESS
    if suppressed_among([member.email]):
        return NoMail.SUPPRESSED
    if kind not in kinds_sent():
        return NoMail.BRAND_OFF
    if kind in TO_MANY and current_brand().lacks_postal_address:
        return NoMail.NO_POSTAL
    if kind in kinds_declined([member.pk]).get(member.pk, ()):
        return NoMail.MEMBER_OFF
    return None


def _confirm(
    kind: NoticeKind,
    member: Member,
    notices: Sequence[Notice],
    text: NoticeText,
    *,
    brand: Brand,
    now: datetime,
) -> Campaign:
    enrollment = text.enrollment
    about = Reference.by_id(Enrollment, enrollment.pk) if enrollment else Reference("")
    told = ",".join(one.about for one in notices)
    return confirm_campaign(
        purpose=Purpose(kind.value),
        about=notices[0].about,
        title=str(Purpose(kind.value).label),
        subject=text.subject,
        body=text.body,
        recipients=[
            Recipient(
                recipient=Reference.to(member),
                about=about,
                to_address=member.email,
                to_name=member.full_name,
                values={
                    "first_name": member.first_name,
                    "full_name": member.full_name,
                    "brand_name": brand.name,
                    "dashboard_link": url_for(enrollment) if enrollment else None,
                    "sender_name": brand.sender_name or brand.name,
                },
            )
        ],
        confirmation=uuid.uuid5(_NAMESPACE, f"{brand.pk} {kind} {member.pk} {told}"),
        by=BY,
        now=now,
    )


def _settle(
    notices: Sequence[Notice],
    *,
    now: datetime,
    reason: NoMail | None = None,
    campaign: Campaign | None = None,
) -> None:
    Notice.objects.filter(pk__in=[one.pk for one in notices]).update(
        settled_at=now, reason=reason.value if reason else "", campaign=campaign
    )
