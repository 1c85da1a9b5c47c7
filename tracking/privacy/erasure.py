"""Delete a person's data at their own request, and keep what figures depend on.

Erased: the login, the address, the name, payout details, passkeys, sessions, tags, handles, notes
about them, texts they wrote. Kept, under the name "Deleted member": offers, orders, conversions,
the ledger and payments, which brands need for their accounting. No amount is changed, so no figure
changes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import pgtrigger
from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.codes import forget_codes, spend_code
from accounts.idempotency import forget_answers_with
from accounts.models import AuditEntry, CodePurpose
from accounts.selectors import brands_of
from affiliates.models import Creator, Member, MemberHandle, MemberNote, MemberTag
from affiliates.segments import forget_names_in_segments
from background.erasure import erase_from_work
from core.references import Reference
from core.tenancy import across_brands, acting_for
from core.text import names_pattern
from notifications.services import erase_address, erase_correspondence
from offers.models import Enrollment, EnrollmentStatus
from offers.services import renew_dashboard_link, set_enrollment_status
from payouts.releases import sharing_of, take_back_release
from tracking.figures.creator_brands import memberships_of
from tracking.links.generating import deactivate_items
from tracking.models import Question, TrackingLink

FIRST_NAME, LAST_NAME = "Deleted", "member"
NAME = f"{FIRST_NAME} {LAST_NAME}"
BY = Actor.system("the member's own wish")


@transaction.atomic
def erase_creator(*, creator: Creator, code: uuid.UUID, now: datetime) -> None:
    """Delete this person's data in every brand, for good.

    Uses up `code`, the entered code that was mailed for this. Raises
    accounts.codes.ExpiredCodeError.
    """
    creator = Creator.objects.select_for_update().get(pk=creator.pk)
    address = creator.email
    spend_code(public_id=code, purpose=CodePurpose.DELETION, address=address, now=now)
    for sharing in sharing_of(creator):
        take_back_release(creator=creator, brand=sharing.brand, by=BY, now=now)
    for membership in memberships_of(creator):
        with acting_for(membership.brand):
            _erase_member(membership.member, address=address, now=now)
    for member in _members_in_test_brands(address):
        with acting_for(member.brand_id):
            _erase_member(member, address=address, now=now)
    _erase_login(creator)
    forget_codes(address=address)


def _members_in_test_brands(address: str) -> list[Member]:
    """Return who has this address in a test brand, where a member belongs to no creator."""
    with across_brands(reason="staff may have typed a person's address into test data"):
        found = Member.objects.filter(email=address).exclude(brand__test_of=None)
        return list(found.order_by("pk"))


def _erase_member(member: Member, *, address: str, now: datetime) -> None:
    member = Member.objects.select_for_update().get(pk=member.pk)
    for enrollment in Enrollment.objects.filter(member=member).select_related("offer", "member"):
        _remove_from_offer(enrollment, now=now)
    addresses = sorted({address, member.email} - {""})  # they may have changed their login's
    names = _names_of(member, addresses=addresses)
    erase_correspondence(recipient=Reference.to(member), name=NAME, earlier_names=names, now=now)
    erase_from_work(names=names, instead=NAME, now=now)
    forget_answers_with(names)
    forget_names_in_segments(names, instead=NAME)
    for one in addresses:
        erase_address(address=one, by=BY, now=now)
    Question.objects.filter(enrollment__member=member).update(note="")
    TrackingLink.objects.filter(enrollment__member=member).update(label="")
    MemberTag.objects.filter(member=member).delete()
    MemberHandle.objects.filter(member=member).delete()
    MemberNote.objects.filter(member=member).delete()
    _redact_history(member, names=names)
    audit.record(action="member.erased", target=member, by=BY, now=now)
    member.first_name, member.last_name, member.email = FIRST_NAME, LAST_NAME, ""
    member.creator, member.owner, member.deleted_at = None, None, now
    member.save(
        update_fields=["first_name", "last_name", "email", "creator", "owner", "deleted_at"]
    )


def _remove_from_offer(enrollment: Enrollment, *, now: datetime) -> None:
    """Remove them from the offer and revoke the dashboard link. The ledger keeps what is owed."""
    renew_dashboard_link(enrollment=enrollment, by=BY, now=now)
    if enrollment.status != EnrollmentStatus.REMOVED:
        deactivate_items(enrollment=enrollment, by=BY, now=now)
        set_enrollment_status(
            enrollment=enrollment, status=EnrollmentStatus.REMOVED, by=BY, now=now
        )


def _names_of(member: Member, *, addresses: Iterable[str]) -> list[str]:
    """Return their name and addresses, also former ones; the longest first."""
    names = {*addresses, member.full_name, *_former_names(member)} - {""}
    return sorted(names, key=len, reverse=True)


def _redact_history(member: Member, *, names: Collection[str]) -> None:
    """Replace their name and addresses in the audit log, which is otherwise append-only.

    Everything else in the entries stays, also words that only contain the name.
    """
    mentions = Q(target=Reference.to(member))
    for text in names:
        mentions |= Q(actor__icontains=text) | Q(told__icontains=text)
    found = AuditEntry.objects.annotate(told=Cast("detail", TextField())).filter(mentions)
    pattern = names_pattern(names)
    with pgtrigger.ignore("accounts.AuditEntry:accounts_audit_append_only"):
        for entry in found.iterator():
            kept = {key: value for key, value in entry.detail.items() if key != "before"}
            told = kept if entry.target == Reference.to(member) else entry.detail
            actor, detail = pattern.sub(NAME, entry.actor), _redacted(told, pattern)
            if (actor, detail) != (entry.actor, entry.detail):
                AuditEntry.objects.filter(pk=entry.pk).update(actor=actor, detail=detail)


def _former_names(member: Member) -> set[str]:
    """Return the member's former names and addresses, from the audit log."""
    told = AuditEntry.objects.filter(target=Reference.to(member), action="member.changed")
    earlier = [entry.detail.get("before", {}) for entry in told]
    return {str(before[key]) for before in earlier for key in ("name", "email") if before.get(key)}


def _redacted(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(inner, pattern) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, pattern) for inner in value]
    return pattern.sub(NAME, value) if isinstance(value, str) else value


def _erase_login(creator: Creator) -> None:
    """Delete the creator with payout details; also the user, unless they work for a brand."""
    user = creator.user
    with across_brands(reason="nothing of a deleted person is left in any brand"):
        creator.delete()
        if user is not None and not user.is_staff and not brands_of(user):
            user.delete()
