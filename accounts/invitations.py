"""Invite people to the staff of a brand. An invitation is for one address and works once.

A person without a login makes one by following the link, which proves the address. A person with a
login has to log in first, so that the link alone gives no access.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.invitation_links import link_of
from accounts.models import Brand, Invitation, InvitationState, Role, Staff, User
from accounts.proven_addresses import make_proven_user, user_with
from accounts.services import StaffError
from core.languages import ENGLISH
from core.tenancy import acting_for, current_brand_id
from core.transactional_mail import TransactionalMailError, send_transactional_mail

INVITATION_LIFETIME = timedelta(days=7)
MAX_MAIL_PROBLEM_LENGTH = 300


class InvitationError(ValueError):
    """An invitation can't be accepted any more; `state` says why."""

    def __init__(self, state: InvitationState) -> None:
        super().__init__(f"the invitation is {state.label.lower()}")
        self.state = state


class LoginError(ValueError):
    """The invitation is for somebody else, or for somebody who has a login and must use it."""


def open_invitations() -> QuerySet[Invitation]:
    """The brand's invitations that are neither accepted nor withdrawn, newest first."""
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    return waiting.select_related("brand").order_by("-invited_at", "-pk")


def has_login(email: str) -> bool:
    """Whether there is a login for this address."""
    return User.objects.filter(email=email.strip().lower()).exists()


def invite_staff(*, email: str, role: Role, by: Actor, now: datetime) -> Invitation:
    """Invite an address to the brand acted for, and mail it the link.

    Raises StaffError for somebody who works here or is invited already, and in a test brand. The
    invitation stores whether the mail was accepted.
    """
    invitation = make_invitation(email=email, role=role, by=by, now=now)
    return send_invitation(invitation=invitation, by=by, now=now)


@transaction.atomic
def make_invitation(*, email: str, role: Role, by: Actor, now: datetime) -> Invitation:
    """The same without the mail, which the caller sends after the transaction."""
    address = email.strip().lower()
    brand = Brand.objects.select_for_update().get(pk=current_brand_id())
    if brand.is_test:
        raise StaffError("email", "a test brand has the staff of its live brand: invite them there")
    _check_new(address, now=now)
    invitation = Invitation.objects.create(
        email=address,
        role=role,
        invited_by=by.label[:200],
        invited_at=now,
        expires_at=now + INVITATION_LIFETIME,
    )
    audit.record(
        action="invitation.made", target=invitation, by=by, now=now, email=address, role=role
    )
    return invitation


def resend_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> Invitation:
    """Mail the link again; it works for another week. Raises InvitationError."""
    with transaction.atomic():
        row = _locked(invitation)
        if row.state_at(now) not in {InvitationState.OPEN, InvitationState.EXPIRED}:
            raise InvitationError(row.state_at(now))
        row.expires_at = now + INVITATION_LIFETIME
        row.save(update_fields=["expires_at"])
        audit.record(action="invitation.sent_again", target=row, by=by, now=now, email=row.email)
    return send_invitation(invitation=row, by=by, now=now)


def send_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> Invitation:
    """Mail the invitation (with its brand), and store whether the mail server accepted it.

    The mail itself is not stored: staff who could read it could accept the invitation.
    """
    invitation.mailed_at, invitation.mail_problem = now, ""
    brand = invitation.brand
    inviter = User.objects.filter(pk=by.user_id).first() if by.user_id else None
    try:
        send_transactional_mail(
            "staff/invitation",
            to=invitation.email,
            language=ENGLISH,
            from_name=brand.name,
            reply_to=inviter.email if inviter else "",
            values={
                "brand": brand.name,
                "role": invitation.get_role_display().lower(),
                "inviter": str(inviter) if inviter else brand.name,
                "link": link_of(invitation),
                "until": invitation.expires_at.astimezone(brand.zone),
                "zone": brand.time_zone,
            },
        )
    except TransactionalMailError as error:
        invitation.mailed_at = None
        invitation.mail_problem = str(error)[:MAX_MAIL_PROBLEM_LENGTH]
    invitation.save(update_fields=["mailed_at", "mail_problem"])
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> Invitation:
    """Withdraw an open invitation, so that its link no longer works. Raises InvitationError."""
    row = _locked(invitation)
    if row.state_at(now) not in {InvitationState.OPEN, InvitationState.EXPIRED}:
        raise InvitationError(row.state_at(now))
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    audit.record(action="invitation.withdrawn", target=row, by=by, now=now, email=row.email)
    return row


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, now: datetime) -> Staff:
    """Give `user` the role of the invitation; if they have a role by now, that role stays.

    Raises InvitationError if it is not open, and LoginError unless the user has proven the invited
    address and may log in.
    """
    with acting_for(invitation.brand):
        row = _open(invitation, now=now)
        if user_with(row.email) != user:
            raise LoginError(f"the invitation is for {row.email}")
        return _accept(row, user, now=now)


@transaction.atomic
def accept_with_new_login(
    *, invitation: Invitation, name: str, password: str, now: datetime
) -> User:
    """Make a login for the invited address, and give it the role.

    The link was mailed to the address, which proves it. Raises InvitationError if the invitation
    is not open, and LoginError if there is a login already.
    """
    with acting_for(invitation.brand):
        row = _open(invitation, now=now)
        if has_login(row.email):
            raise LoginError(f"{row.email} has a login already")
        try:
            with transaction.atomic():
                user = make_proven_user(email=row.email, name=name, password=password, now=now)
        except IntegrityError as error:  # by another invitation or a code, in the same moment
            raise LoginError(f"{row.email} has a login already") from error
        _accept(row, user, now=now)
        return user


def _check_new(address: str, *, now: datetime) -> None:
    """Raise StaffError if the address has a role or an open invitation; withdraw an expired one."""
    here = Staff.objects.filter(user__email=address).first()
    if here is not None:
        role = here.get_role_display().lower()
        raise StaffError("email", f"{address} is {role} here already: change the role in the list")
    for earlier in open_invitations().filter(email=address):
        if earlier.state_at(now) == InvitationState.OPEN:
            raise StaffError("email", f"{address} is invited already: send it again in the list")
        earlier.withdrawn_at = now
        earlier.save(update_fields=["withdrawn_at"])


def _locked(invitation: Invitation) -> Invitation:
    row: Invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("brand")
        .get(pk=invitation.pk)
    )
    return row


def _open(invitation: Invitation, *, now: datetime) -> Invitation:
    row = _locked(invitation)
    if row.state_at(now) != InvitationState.OPEN:
        raise InvitationError(row.state_at(now))
    return row


def _accept(row: Invitation, user: User, *, now: datetime) -> Staff:
    by = Actor.of_user(user)
    staff, _ = Staff.objects.get_or_create(user=user, defaults={"role": row.role, "since": now})
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    audit.record(action="invitation.accepted", target=row, by=by, now=now, role=staff.role)
    return staff
