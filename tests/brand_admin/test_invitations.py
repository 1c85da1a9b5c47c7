"""Settings → Staff: inviting by mail, and the page where an invitation is accepted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.invitations import INVITATION_LIFETIME, invite_staff, withdraw_invitation
from accounts.models import Invitation, Role, Staff, User
from core.tenancy import acting_for
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, logged, queries_of, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")
NEW = "new@juniper.example"
GOOD = {"name": "Nora Quist", "password": "a-quiet-river-9"}


def invited(cast: Cast, email: str = NEW, role: str = "manager") -> str:
    """Invite through the page; the path in the mail."""
    desk_of(cast.ines).post(at(cast.juniper, "settings_staff"), {"email": email, "role": role})
    found = re.search(r"https?://[^/]+(/invitation/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def the_invitation(cast: Cast) -> Invitation:
    with acting_for(cast.juniper):
        return Invitation.objects.get()


def test_an_owner_invites_and_sees_who_is_waited_for(cast: Cast) -> None:
    invited(cast)

    page = shown(desk_of(cast.ines).get(at(cast.juniper, "settings_staff")))

    assert NEW in page
    assert "works until 27 Nov 2026, 12:00" in page
    assert mail.outbox[-1].to == [NEW]


def test_somebody_new_sets_a_password_and_is_in(cast: Cast) -> None:
    path, browser = invited(cast), Client()

    asked = shown(browser.get(path))
    answer = browser.post(path, GOOD)

    assert f"invites <b>{NEW}</b> to work for Juniper &amp; Co, as manager." in asked
    assert answer["Location"] == "/admin/juniper/"
    assert browser.get("/admin/juniper/").status_code == 200
    user = User.objects.get(email=NEW)
    with acting_for(cast.juniper):
        assert Staff.objects.get(user=user).role == Role.MANAGER


def test_opening_the_link_alone_lets_nobody_in(cast: Cast) -> None:
    path, browser = invited(cast), Client()
    before = snapshot()

    answer = browser.get(path)

    assert "_auth_user_id" not in browser.session
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "strict-origin"
    assert snapshot() == before


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "short"}, "This password is too short."),
        ({"password": "Password1234"}, "This password is in lists of leaked passwords"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_bad_password_is_refused(changed: dict[str, str], said: str, cast: Cast) -> None:
    path = invited(cast)
    before = snapshot()

    answer = Client().post(path, GOOD | changed)

    assert answer.status_code == 422
    assert said in page_text(answer)
    assert snapshot() == before


def test_used_twice_is_told_so(cast: Cast) -> None:
    path = invited(cast)
    Client().post(path, GOOD)
    before = snapshot()

    answers = [Client().get(path), Client().post(path, GOOD | {"password": "another-river-3"})]

    for answer in answers:
        assert answer.status_code == 410
        assert "was used 20 Nov 2026. It works once." in page_text(answer)
    assert snapshot() == before


def test_an_expired_one_says_so(cast: Cast, time_machine: Any) -> None:
    path = invited(cast)
    time_machine.move_to(NOW + INVITATION_LIFETIME, tick=False)

    answer = Client().get(path)

    assert answer.status_code == 410
    assert "This invitation worked until 27 Nov 2026." in page_text(answer)


def test_a_withdrawn_one_says_so(cast: Cast) -> None:
    path, row = invited(cast), the_invitation(cast)
    ines, withdraw = (
        desk_of(cast.ines),
        at(cast.juniper, "invitation_withdraw", invitation_id=row.pk),
    )

    asked = shown(ines.get(withdraw))
    assert Client().get(path).status_code == 200
    listed = shown(ines.post(withdraw, follow=True))

    assert "stops working at once" in asked
    assert f"The invitation of {NEW} is withdrawn." in listed
    answer = Client().get(path)
    assert answer.status_code == 410
    assert "has withdrawn this invitation" in page_text(answer)


def test_who_has_a_login_logs_in_first_and_comes_back(cast: Cast) -> None:
    path = invited(cast, cast.otto.email, "viewer")
    otto = Client()

    asked = shown(otto.get(path))
    posted = otto.post(path, GOOD)

    assert f'href="/account/login/?next={path}"' in asked
    assert "This address has a login." in shown(posted)
    otto.force_login(cast.otto)
    assert "Accept" in shown(otto.get(path))
    assert otto.post(path)["Location"] == "/admin/juniper/"
    assert otto.get("/admin/juniper/").status_code == 200


def test_who_is_logged_in_as_somebody_else_is_told(cast: Cast) -> None:
    path, otto = invited(cast), desk_of(cast.otto)
    before = snapshot()

    asked = shown(otto.get(path))
    answer = otto.post(path)

    assert "You are logged in as otto@saltmarsh.example" in asked
    assert answer.status_code == 403
    assert snapshot() == before


def test_a_forged_link_is_like_any_unknown_page(cast: Cast) -> None:
    forged, unknown = Client().get("/invitation/forged"), Client().get("/nowhere")

    assert (forged.status_code, forged.content) == (404, unknown.content)


def test_it_is_sent_again_on_asking(cast: Cast, time_machine: Any) -> None:
    path, row = invited(cast), the_invitation(cast)
    time_machine.move_to(NOW + timedelta(days=8), tick=False)
    resend = at(cast.juniper, "invitation_resend", invitation_id=row.pk)

    page = shown(desk_of(cast.ines).post(resend, follow=True))

    assert f"The invitation was sent to {NEW}." in page
    assert path in mail.outbox[-1].body
    assert Client().get(path).status_code == 200


def test_inviting_staff_again_is_refused(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings_staff")
    before = snapshot()

    answer = ines.post(address, {"email": cast.ines.email, "role": "viewer"})

    assert answer.status_code == 422
    assert "ines@juniper.example is owner here already" in page_text(answer)
    assert snapshot() == before
    assert mail.outbox == []


@pytest.mark.parametrize("who", ["theo", "vera"])
def test_only_owners_invite(who: str, cast: Cast) -> None:
    invited(cast)
    row, desk = the_invitation(cast), desk_of(getattr(cast, who))
    before = snapshot()

    addresses = [
        at(cast.juniper, "settings_staff"),
        at(cast.juniper, "invitation_resend", invitation_id=row.pk),
        at(cast.juniper, "invitation_withdraw", invitation_id=row.pk),
    ]
    answers = [desk.post(path, {"email": "x@y.example", "role": "owner"}) for path in addresses]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert snapshot() == before
    assert len(mail.outbox) == 1


def test_the_audit_log_tells_who_invited_whom(cast: Cast) -> None:
    path, row = invited(cast), the_invitation(cast)
    Client().post(path, GOOD)
    with acting_for(cast.juniper):
        second = invite_staff(email="b@juniper.example", role=Role.VIEWER, by=SYSTEM, now=NOW)
        withdraw_invitation(invitation=second, by=SYSTEM, now=NOW)

    lines = logged(desk_of(cast.vera).get(at(cast.juniper, "settings_audit")))

    told = [(line.actor, line.words) for line in lines if line.target == f"invitation {row.pk}"]
    assert told == [
        (f"Nora Quist <{NEW}>", "accepted the invitation"),
        ("Ines Castell <ines@juniper.example>", f"invited {NEW} as Manager"),
    ]
    assert lines[0].words == "withdrew the invitation of b@juniper.example"


def test_three_invitations_take_as_many_queries_as_one(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings_staff")
    invited(cast)
    assert queries_of(ines, address) == 6

    invited(cast, "b@juniper.example")
    invited(cast, "c@juniper.example")

    assert queries_of(ines, address) == 6
