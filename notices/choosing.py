"""Choose which kinds of mails a brand sends, and which of them a member gets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand
from affiliates.models import Member
from core.db import lock_identities
from core.references import Reference
from notices.models import DeclinedKind, KindSwitch, NoticeKind, SalesAtOnce
from notices.selectors import kinds_sent
from notifications.models import Purpose
from notifications.services import cancel_waiting_mails


@transaction.atomic
def set_kinds_sent(
    *, brand: Brand, kinds: Collection[NoticeKind], by: Actor, now: datetime
) -> None:
    """Send these kinds to the brand's members, and no others. What waits of others is cancelled."""
    lock_identities([f"notices {brand.pk}"])
    before = set(kinds_sent())
    if before == set(kinds):
        return
    KindSwitch.objects.all().delete()
    KindSwitch.objects.bulk_create(
        KindSwitch(kind=kind, is_on=kind in kinds, since=now) for kind in NoticeKind
    )
    cancel_waiting_mails(
        purposes=[Purpose(kind.value) for kind in before - set(kinds)],
        reason="The brand does not send these mails any more.",
        now=now,
    )
    off = sorted(kind.value for kind in NoticeKind if kind not in kinds)
    audit.record(action="brand.notices_chosen", target=brand, by=by, now=now, off=", ".join(off))


@transaction.atomic
def set_kinds_wanted(
    *,
    member: Member,
    kinds: Collection[NoticeKind],
    among: Collection[NoticeKind],
    now: datetime,
    sales_at_once: bool | None = None,
) -> None:
    """Of the kinds `among`, which a page showed, the member wants these, and no others.

    What waits to be sent of the others is cancelled. `sales_at_once` says whether each sale is told
    at once; None leaves that as it is.
    """
    # Sending locks the same row: what it is confirming now is cancelled when it waits.
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    declined = DeclinedKind.objects.filter(member=member)
    declined.filter(kind__in=[kind.value for kind in among if kind in kinds]).delete()
    off = [kind for kind in among if kind not in kinds]
    DeclinedKind.objects.bulk_create(
        [DeclinedKind(member=member, kind=kind, since=now) for kind in off], ignore_conflicts=True
    )
    cancel_waiting_mails(
        recipient=Reference.to(member),
        purposes=[Purpose(kind.value) for kind in off],
        reason="The member does not want these mails any more.",
        now=now,
    )
    if sales_at_once is None:
        return
    if sales_at_once:
        SalesAtOnce.objects.get_or_create(member=member, defaults={"since": now})
    else:
        SalesAtOnce.objects.filter(member=member).delete()


def decline(*, address: str, kind: NoticeKind, now: datetime) -> bool:
    """Send this kind to the address no more; return False if no member of the brand has it."""
    member = Member.objects.filter(email=address.lower()).first()
    if member is None:
        return False
    set_kinds_wanted(member=member, kinds=[], among=[kind], now=now)
    return True
