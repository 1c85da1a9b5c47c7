"""The operator: one login, a second factor, and only named acts that are written down."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib import admin
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.html import escape

from accounts.actors import Actor
from accounts.models import AuditEntry, OperatorAction, Role, Session, User
from accounts.operators import OperatorError, deactivate_login, remove_second_factor
from accounts.services import give_role
from config.platform.pages import platform_site
from core.tenancy import acting_for
from tests.answers import page_text
from tests.architecture.routes import opened_by
from tests.cast import NOW, SYSTEM, Cast
from tests.mailbox import Mailbox
from tests.portal.test_portal import mailed_code
from tests.security.entering import code_of
from tests.security.entering import standing_clock as standing_clock
from tests.security.identities import identities
from tests.security.people import SECRET, People, gather, logged_in, unproven

pytestmark = pytest.mark.usefixtures("standing_clock")

PASSWORD = "a-quiet-river-9"
SET_UP = 'href="/account/2fa/totp/activate/"'
ACTS = ("end-sessions", "remove-second-factor", "send-reset", "deactivate", "activate")


@pytest.fixture
def people(cast: Cast) -> People:
    return gather(cast)


def totp_now() -> str:
    """What the operator's authenticator app shows."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(SECRET, counter)))


def act(client: Client, user: User, name: str, reason: str = "She called us") -> str:
    """The page that the answer leads to, or its status."""
    answer = client.post(f"/platform/accounts/user/{user.pk}/act/{name}/", {"reason": reason})
    return answer.get("Location") or str(answer.status_code)


def test_there_is_one_login_and_no_other() -> None:
    for page in ("login", "logout", "password_change", "password_change/done"):
        assert Client().get(f"/platform/{page}/").status_code == 404
    assert Client().get("/platform/")["Location"] == "/account/login/?next=/platform/"


def test_a_password_alone_opens_no_platform(people: People) -> None:
    people.operator.set_password(PASSWORD)
    people.operator.save()
    client = Client()

    step = client.post(
        "/account/login/?next=/platform/", {"login": people.operator.email, "password": PASSWORD}
    )
    assert step["Location"].startswith("/account/2fa/authenticate/")
    assert client.get("/platform/")["Location"].startswith("/account/login/")
    wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert client.get("/platform/")["Location"].startswith("/account/login/")
    right = client.post("/account/2fa/authenticate/", {"code": totp_now()})

    assert right.status_code == 302
    assert client.get("/platform/").status_code == 200


def test_an_operator_without_a_second_factor_sets_one_up_first(people: People) -> None:
    Authenticator.objects.filter(user=people.operator).delete()
    client = logged_in(people.operator, method="code")
    before = identities()

    for route in opened_by("operator login"):
        address = route.address({"object_id": 1, "user_id": people.viewer.pk, "act": "deactivate"})
        for answer in (client.get(address), client.post(address, {"reason": "x"})):
            page = page_text(answer)
            assert (answer.status_code, SET_UP in page) == (403, True), address
            assert "You are an operator of Tributary" in page

    assert client.get("/", follow=True).status_code == 403
    assert client.get("/account/2fa/totp/activate/").status_code == 200
    assert identities() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wanted", ["/platform/accounts/user/?q=a", "/admin/juniper/members/?q=a"])
def test_who_sets_one_up_goes_on_to_the_page_they_opened(cast: Cast, wanted: str) -> None:
    """Also on a brand's page, though the brand requires none."""
    operator = gather(cast).operator
    Authenticator.objects.filter(user=operator).delete()
    with acting_for(cast.juniper):
        give_role(user=operator, role=Role.VIEWER, by=SYSTEM, now=NOW)
    client = logged_in(operator, method="code")
    page = client.get(wanted)
    assert page.status_code == 403
    assert "then you come back to the page that you opened" in page_text(page)
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret

    codes = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)}, follow=True)

    assert f'href="{escape(wanted)}"' in page_text(codes)
    assert f'href="{escape(wanted)}"' in client.get("/account/2fa/").content.decode()
    assert client.get(wanted).status_code == 200
    assert f'href="{escape(wanted)}"' not in client.get("/account/2fa/").content.decode()


def test_a_session_without_the_second_factor_shows_it_first(people: People) -> None:
    """Somebody made an operator keeps no session from before that opens more than it did."""
    client = logged_in(people.operator, method="code")

    answer = client.get("/platform/accounts/user/")

    way = "/account/2fa/reauthenticate/?next=/platform/accounts/user/"
    assert (answer.status_code, f'href="{way}"' in page_text(answer)) == (
        403,
        True,
    )
    shown = client.post(way, {"code": totp_now()})
    assert shown["Location"] == "/platform/accounts/user/"
    assert client.get("/platform/accounts/user/").status_code == 200


def test_a_login_offers_the_acts_that_would_change_something(people: People) -> None:
    client = logged_in(people.operator, method="mfa")

    def offered(user: User) -> set[str]:
        page = page_text(client.get(f"/platform/accounts/user/{user.pk}/change/"))
        return {name for name in ACTS if f"/act/{name}/" in page}

    common = {"end-sessions", "send-reset"}
    assert offered(people.viewer) == common | {"deactivate"}
    TOTP.activate(people.viewer, SECRET)
    User.objects.filter(pk=people.viewer.pk).update(is_active=False)
    assert offered(people.viewer) == common | {"remove-second-factor", "activate"}


def test_lists_speak_of_operators_and_the_first_page_of_no_other_record(people: People) -> None:
    """Django calls an operator "staff"; here staff work for brands."""
    client = logged_in(people.operator, method="mfa")

    page = page_text(client.get("/platform/accounts/user/"))
    first = client.get("/platform/").content.decode()

    assert ("Operator" in page, "By operator" in page, "is staff" in page.lower()) == (
        True, True, False,
    )  # fmt: skip
    assert "Recent actions" not in first


def test_the_admin_shows_four_tables_and_changes_none(people: People) -> None:
    client = logged_in(people.operator, method="mfa")
    before = identities()

    assert {model._meta.label for model in platform_site._registry} == {
        "accounts.Brand", "accounts.User", "accounts.OperatorAction", "tracking.RefusedClicks",
    }  # fmt: skip
    assert admin.site._registry == {}  # what libraries would register of themselves
    for route in opened_by("operator login"):
        if "<slug:act>" in route.pattern:
            continue
        address = route.address({"object_id": people.viewer.pk})
        changed = {"email": "x@y.example", "is_staff": "on", "password": "x", "_save": "Save"}
        assert client.get(address).status_code in {200, 302}, address
        assert client.post(address, changed).status_code in {200, 302, 403, 405}, address

    assert identities() == before
    for gone in ("add/", f"{people.viewer.pk}/delete/", f"{people.viewer.pk}/password/"):
        assert client.get(f"/platform/accounts/user/{gone}").status_code == 404


def test_a_list_is_not_searched_by_what_it_does_not_show(people: People) -> None:
    """Else who asks letter by letter reads a session's key, and has that session."""
    client = logged_in(people.operator, method="mfa")
    key = str(logged_in(people.owner).session.session_key)

    for secret in ("sessions__session_key", "sessions", "password", "password__startswith"):
        asked = client.get("/platform/accounts/user/", {secret: key})
        assert asked.status_code == 400, secret
    for name, value in (("is_active__exact", "1"), ("is_staff__exact", "0"), ("q", "ines")):
        asked = client.get("/platform/accounts/user/", {name: value})
        assert (asked.status_code, people.owner.email in page_text(asked)) == (
            200,
            True,
        )
    asked = client.get("/platform/accounts/operatoraction/", {"action": "login.activated"})
    assert asked.status_code == 200


@pytest.mark.parametrize("name", ACTS)
def test_every_act_is_written_down_with_its_reason(
    name: str, cast: Cast, people: People, mailbox: Mailbox
) -> None:
    client = logged_in(people.operator, method="mfa")

    assert act(client, people.viewer, name, reason=" ") == "422"
    assert OperatorAction.objects.count() == 0
    onward = act(client, people.viewer, name)

    assert onward == f"/platform/accounts/user/{people.viewer.pk}/change/"
    [row] = OperatorAction.objects.all()
    assert (row.operator, row.address, row.reason) == (
        "Olga Berg <olga@tributary.example>", "vera@juniper.example", "She called us",
    )  # fmt: skip
    with acting_for(cast.juniper):
        [entry] = AuditEntry.objects.filter(action=row.action)
    assert entry.actor == "operator"
    assert client.get(onward).status_code == 200
    assert client.get("/platform/accounts/operatoraction/").status_code == 200


def test_the_acts_do_what_they_say(people: People, mailbox: Mailbox) -> None:
    client, vera = logged_in(people.operator, method="mfa"), people.viewer
    logged_in(vera)
    TOTP.activate(vera, SECRET)

    act(client, vera, "end-sessions")
    assert not Session.objects.filter(user=vera).exists()
    act(client, vera, "remove-second-factor")
    assert not Authenticator.objects.filter(user=vera).exists()
    act(client, vera, "send-reset")
    [sent] = mailbox.to(vera.email)
    assert "http://testserver/account/password/reset/key/" in sent.get_content()
    act(client, vera, "deactivate")
    assert not User.objects.get(pk=vera.pk).is_active
    act(client, vera, "activate")
    assert User.objects.get(pk=vera.pk).is_active


@pytest.mark.parametrize("name", ["remove-second-factor", "deactivate"])
def test_nobody_does_it_to_themselves(name: str, people: People) -> None:
    client = logged_in(people.operator, method="mfa")
    before = identities()

    act(client, people.operator, name)

    assert identities() == before
    assert OperatorAction.objects.count() == 0


def test_an_act_needs_a_fresh_login(people: People) -> None:
    client = logged_in(people.operator, method="mfa")
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 600
    session.save()
    before = identities()

    assert act(client, people.viewer, "deactivate").startswith("/account/2fa/reauthenticate/")
    assert identities() == before


def test_a_link_that_can_not_be_mailed_is_said_so(people: People, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    client = logged_in(people.operator, method="mfa")

    page = f"/platform/accounts/user/{people.viewer.pk}/change/"
    assert act(client, people.viewer, "send-reset") == page

    assert "The mail could not be sent." in client.get(page).content.decode()
    assert OperatorAction.objects.get().action == "login.reset_sent"


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, "9" * 5_000])
def test_a_login_that_is_not_there_has_no_page(number: str, people: People) -> None:
    client = logged_in(people.operator, method="mfa")

    assert client.get(f"/platform/accounts/user/{number}/change/").status_code in {302, 404}


def test_no_link_goes_to_an_unproven_address(people: People) -> None:
    client, stranger = logged_in(people.operator, method="mfa"), unproven("x@fern.example")

    act(client, stranger, "send-reset")

    assert mail.outbox == []
    assert OperatorAction.objects.count() == 0


def test_what_was_written_down_stays(people: People) -> None:
    by = Actor.of_user(people.operator)
    deactivate_login(user=people.viewer, reason="gone", by=by, now=NOW)

    with pytest.raises(DatabaseError), transaction.atomic():
        OperatorAction.objects.update(reason="")
    with pytest.raises(DatabaseError), transaction.atomic():
        OperatorAction.objects.all().delete()
    with pytest.raises(OperatorError):
        remove_second_factor(user=people.operator, reason="x", by=by, now=NOW)


def test_a_new_operator_proves_the_address_and_sets_up_a_second_factor(
    db: None, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    impostor = unproven("olga@tributary.example")
    TOTP.activate(impostor, SECRET)
    call_command("create_operator", "Olga@Tributary.example")
    client = Client()

    assert "http://testserver/account/login/code/" in capsys.readouterr().out
    password = {"login": "olga@tributary.example", "password": PASSWORD}
    assert client.post("/account/login/", password).status_code == 200  # no such password
    client.post("/account/login/code/", {"email": "olga@tributary.example", "next": "/platform/"})
    code = mailed_code(mailbox, "olga@tributary.example")
    onward = client.post("/account/login/code/confirm/", {"code": code})

    assert onward["Location"] == "/platform/"
    assert SET_UP in client.get("/platform/").content.decode()
    [row] = OperatorAction.objects.all()
    assert (row.operator, row.action) == ("manage.py create_operator", "operator.made")


def test_a_password_typed_in_a_shell_waits_for_the_code(db: None, mailbox: Mailbox) -> None:
    User.objects.create_superuser("olga@tributary.example", PASSWORD)
    client = Client()

    step = client.post("/account/login/", {"login": "olga@tributary.example", "password": PASSWORD})
    assert step["Location"] == "/account/login/code/"
    assert client.get("/platform/")["Location"].startswith("/account/login/")
    client.post("/account/login/code/", {"email": "olga@tributary.example"})
    client.post(
        "/account/login/code/confirm/", {"code": mailed_code(mailbox, "olga@tributary.example")}
    )

    olga = User.objects.get()
    assert (olga.email_proven_at is None, olga.check_password(PASSWORD)) == (False, True)
