"""Delete a person's data at their own request, and keep what figures depend on.

Erased: the login, the address, the name, payout details, passkeys, sessions, tags, handles, notes
about them, texts they wrote, their name in what staff typed. Kept, under the name "Deleted member":
offers, orders, conversions, the ledger and payments, which brands need for their accounting. No
amount is changed, so no figure changes.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import pgtrigger
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.codes import forget_codes, spend_code
from accounts.idempotency import forget_answers_with
from accounts.models import AuditEntry, CodePurpose
from accounts.selectors import brands_of
from affiliates.logins import lock_creator
from affiliates.models import Creator, Member, MemberHandle, MemberNote, MemberTag
from affiliates.segments import forget_names_in_segments
from background.erasure import erase_from_work
from core.db import retried_transaction
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
from tracking.privacy.free_texts import erase_from_free_texts, without_names

FIRST_NAME, LAST_NAME = "Deleted", "member"
NAME = f"{FIRST_NAME} {LAST_NAME}"
BY = Actor.system("the member's own wish")


@retried_transaction
def erase_creator(*, creator: Creator, code: uuid.UUID, now: datetime) -> bool:
    """Delete this person's data in every brand, for good.

    Uses up `code`, the entered code that was mailed for this. Returns False if a request at the
    same time deleted the data. Raises accounts.codes.ExpiredCodeError.
    """
    locked = lock_creator(creator)
    if locked is None:
        return False
    creator, address = locked, locked.email
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
    return True


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
    erase_from_free_texts(names=names, instead=NAME)
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
    """Return their name and addresses, also former ones; the longest first.

    A name also as lists have it: "Okafor, June" and "Okafor June".
    """
    names = {*addresses, member.full_name, *_former_names(member)} - {""}
    turned = {other for name in names if "@" not in name for other in _last_name_first(name)}
    return sorted(names | turned, key=len, reverse=True)


def _last_name_first(name: str) -> Iterator[str]:
    """Yield the name with its end first, for each place where the last name may begin."""
    words = name.split()
    for place in range(1, len(words)):
        first, last = " ".join(words[:place]), " ".join(words[place:])
        yield from (f"{last}, {first}", f"{last} {first}")


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
            actor = pattern.sub(NAME, entry.actor)
            detail = without_names(told, pattern, instead=NAME)
            if (actor, detail) != (entry.actor, entry.detail):
                AuditEntry.objects.filter(pk=entry.pk).update(actor=actor, detail=detail)


def _former_names(member: Member) -> set[str]:
    """Return the member's former names and addresses, from the audit log."""
    told = AuditEntry.objects.filter(target=Reference.to(member), action="member.changed")
    earlier = [entry.detail.get("before", {}) for entry in told]
    return {str(before[key]) for before in earlier for key in ("name", "email") if before.get(key)}


def _erase_login(creator: Creator) -> None:
    """Delete the creator with payout details; also the user, unless they work for a brand."""
    user = creator.user
    with across_brands(reason="nothing of a deleted person is left in any brand"):
        creator.delete()
        if user is not None and not user.is_staff and not brands_of(user):
            user.delete()
