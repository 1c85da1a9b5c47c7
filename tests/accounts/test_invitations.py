"""Invitations: mailed, accepted once by whom they are for, and worthless when they are over."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings

from accounts.actors import Actor
from accounts.invitation_links import invitation_for, link_of
from accounts.invitations import (
    INVITATION_LIFETIME,
    InvitationError,
    LoginError,
    accept_invitation,
    accept_with_new_login,
    invite_staff,
    open_invitations,
    resend_invitation,
    withdraw_invitation,
)
from accounts.models import Invitation, InvitationState, Role, Staff, User
from accounts.services import StaffError, give_role
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.snapshot import snapshot

NEW = "new@juniper.example"
PASSWORD = "a-quiet-river-9"


def invited(cast: Cast, email: str = NEW, role: Role = Role.VIEWER) -> Invitation:
    with acting_for(cast.juniper):
        return invite_staff(email=email, role=role, by=Actor.of_user(cast.ines), now=NOW)


def role_of(cast: Cast, email: str) -> str | None:
    with acting_for(cast.juniper):
        return Staff.objects.filter(user__email=email).values_list("role", flat=True).first()


def test_the_mail_contains_the_link_and_replies_go_to_the_inviter(cast: Cast) -> None:
    invitation = invited(cast, "New@Juniper.example ")

    (sent,) = mail.outbox
    assert (sent.to, sent.reply_to) == ([NEW], ["ines@juniper.example"])
    assert sent.subject == "Join Juniper & Co on Tributary"
    assert "Ines Castell invites you to work for Juniper & Co on Tributary, as viewer." in (
        sent.body
    )
    assert re.findall(r"\S+/invitation/\S+", str(sent.body)) == [link_of(invitation)]
    assert "27 Nov 2026, 12:00 (Europe/London)" in sent.body
    assert invitation.mailed_at == NOW


@override_settings(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=1,
)
def test_a_mail_that_failed_is_reported_and_can_be_sent_again(cast: Cast) -> None:
    invitation = invited(cast)

    assert invitation.mailed_at is None
    assert "refused" in invitation.mail_problem
    with (
        override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"),
        acting_for(cast.juniper),
    ):
        later = NOW + timedelta(hours=1)
        again = resend_invitation(invitation=invitation, by=SYSTEM, now=later)
    assert (again.mailed_at, again.mail_problem) == (later, "")
    assert again.expires_at == later + INVITATION_LIFETIME


def test_somebody_without_a_login_makes_one_and_is_in(cast: Cast) -> None:
    invitation = invited(cast)

    user = accept_with_new_login(invitation=invitation, name=" Nora ", password=PASSWORD, now=NOW)

    assert (user.email, user.name, user.check_password(PASSWORD)) == (NEW, "Nora", True)
    assert role_of(cast, NEW) == "viewer"
    with acting_for(cast.juniper):
        assert not open_invitations().exists()


def test_somebody_with_a_login_is_let_in_with_it(cast: Cast) -> None:
    invitation = invited(cast, cast.otto.email, Role.MANAGER)

    accept_invitation(invitation=invitation, user=cast.otto, now=NOW)

    assert role_of(cast, cast.otto.email) == "manager"


def test_an_address_with_a_login_gets_no_second_one(cast: Cast) -> None:
    invitation = invited(cast, cast.otto.email)
    before = snapshot()

    with pytest.raises(LoginError):
        accept_with_new_login(invitation=invitation, name="X", password=PASSWORD, now=NOW)

    assert snapshot() == before


def test_nobody_else_accepts_it(cast: Cast) -> None:
    invitation = invited(cast)
    before = snapshot()

    with pytest.raises(LoginError):
        accept_invitation(invitation=invitation, user=cast.otto, now=NOW)

    assert snapshot() == before


def test_it_works_once(cast: Cast) -> None:
    invitation = invited(cast)
    user = accept_with_new_login(invitation=invitation, name="N", password=PASSWORD, now=NOW)
    before = snapshot()

    with pytest.raises(InvitationError) as by_login:
        accept_invitation(invitation=invitation, user=user, now=NOW)
    with pytest.raises(InvitationError) as by_password:
        accept_with_new_login(invitation=invitation, name="N", password="other-river-1", now=NOW)

    assert {by_login.value.state, by_password.value.state} == {InvitationState.ACCEPTED}
    assert snapshot() == before


def test_one_that_expired_or_was_withdrawn_opens_nothing(cast: Cast) -> None:
    expired, withdrawn = invited(cast, "a@juniper.example"), invited(cast, "b@juniper.example")
    with acting_for(cast.juniper):
        withdraw_invitation(invitation=withdrawn, by=SYSTEM, now=NOW)
    before = snapshot()

    states = []
    for row, moment in ((expired, NOW + INVITATION_LIFETIME), (withdrawn, NOW)):
        with pytest.raises(InvitationError) as refused:
            accept_with_new_login(invitation=row, name="N", password=PASSWORD, now=moment)
        states.append(refused.value.state)

    assert states == [InvitationState.EXPIRED, InvitationState.WITHDRAWN]
    assert snapshot() == before


def test_one_that_is_over_is_not_sent_again_nor_withdrawn_twice(cast: Cast) -> None:
    invitation = invited(cast)
    with acting_for(cast.juniper):
        withdraw_invitation(invitation=invitation, by=SYSTEM, now=NOW)
        before = snapshot()

        with pytest.raises(InvitationError):
            resend_invitation(invitation=invitation, by=SYSTEM, now=NOW)
        with pytest.raises(InvitationError):
            withdraw_invitation(invitation=invitation, by=SYSTEM, now=NOW)

    assert snapshot() == before
    assert len(mail.outbox) == 1


def test_who_works_here_or_is_invited_is_not_invited_again(cast: Cast) -> None:
    invited(cast)
    before = snapshot()

    with pytest.raises(StaffError, match="is invited already"):
        invited(cast)
    with pytest.raises(StaffError, match="is viewer here already"):
        invited(cast, cast.vera.email, Role.OWNER)

    assert snapshot() == before


def test_an_expired_one_gives_way_to_a_new_one(cast: Cast) -> None:
    invited(cast)
    later = NOW + INVITATION_LIFETIME

    with acting_for(cast.juniper):
        second = invite_staff(email=NEW, role=Role.MANAGER, by=SYSTEM, now=later)
        assert list(open_invitations()) == [second]


def test_a_role_that_was_given_meanwhile_stays(cast: Cast) -> None:
    invitation = invited(cast, cast.otto.email, Role.VIEWER)
    with acting_for(cast.juniper):
        give_role(user=cast.otto, role=Role.OWNER, by=SYSTEM, now=NOW)

    accept_invitation(invitation=invitation, user=cast.otto, now=NOW)

    assert role_of(cast, cast.otto.email) == "owner"


@pytest.mark.parametrize("spoil", ["x", "....", "0" * 32, "0" * 32 + ".forged"])
def test_a_token_that_nobody_signed_names_nothing(spoil: str, cast: Cast) -> None:
    assert invitation_for(spoil) is None


@override_settings(LINK_KEYS=["new", "old"])
def test_a_link_outlives_the_key_that_signed_it(cast: Cast) -> None:
    with override_settings(LINK_KEYS=["old"]):
        invitation = invited(cast)
        token = link_of(invitation).rpartition("/")[2]

    assert invitation_for(token) == invitation
    with override_settings(LINK_KEYS=["new"]):
        assert invitation_for(token) is None


@pytest.mark.django_db(transaction=True)
def test_two_who_press_accept_at_once_make_one_login() -> None:
    cast = assemble()
    invitation = invited(cast)
    start, refused = threading.Barrier(2), []

    def accept() -> None:
        start.wait()
        try:
            accept_with_new_login(invitation=invitation, name="N", password=PASSWORD, now=NOW)
        except InvitationError as error:
            refused.append(error.state)
        connection.close()

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == [InvitationState.ACCEPTED]
    assert User.objects.filter(email=NEW).count() == 1
