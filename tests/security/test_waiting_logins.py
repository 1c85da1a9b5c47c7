"""A login that waits for its second factor ends with the person's sessions, whatever ends them."""

from __future__ import annotations

from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.management.commands import changepassword
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Role, Session, User
from accounts.second_factor_forms import AuthenticateForm
from accounts.services import give_role
from accounts.sessions import delete_sessions, end_sessions, open_sessions
from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.factories import UserFactory
from tests.security.entering import (  # noqa: F401
    PASSWORD,
    browser,
    code_of,
    fast_and_fresh,
    give_app,
    give_password,
    log_in,
    post_password,
)
from tests.security.entering import standing_clock as standing_clock

pytestmark = pytest.mark.usefixtures("standing_clock")

FACTOR = "/account/2fa/authenticate/"
NEW = "seven lamps under water"


def waiting(user: User) -> Client:
    """A browser in which the password was entered, and the second factor was not."""
    client = browser()
    answer = post_password(client, give_password(user))
    assert answer["Location"] == FACTOR
    return client


def gets_in(client: Client, secret: str) -> bool:
    client.post(FACTOR, {"code": code_of(secret)})
    return "_auth_user_id" in client.session


def reset_password(client: Client, user: User) -> Any:
    user = User.objects.get(pk=user.pk)
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    form = client.get(f"/account/password/reset/key/{key}/")["Location"]
    return client.post(form, {"password1": NEW, "password2": NEW})


def change_password(cast: Cast, secret: str) -> None:
    client = log_in(browser(), cast.ines, secret=secret)
    values = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/account/password/change/", values).status_code == 302


def log_out_everywhere(cast: Cast, secret: str) -> None:
    client = log_in(browser(), cast.ines, secret=secret)
    client.post("/admin/juniper/settings/account/sessions/", {"everywhere": ""})


def log_out_elsewhere(cast: Cast, secret: str) -> None:
    client = log_in(browser(), cast.ines, secret=secret)
    client.post("/admin/juniper/settings/account/sessions/")


def reset_elsewhere(cast: Cast, secret: str) -> None:
    assert reset_password(browser(), cast.ines).status_code == 302


def change_by_command(cast: Cast, secret: str) -> None:
    with patch.object(changepassword.Command, "_get_pass", return_value=NEW):
        call_command("changepassword", cast.ines.email, stdout=StringIO())


@pytest.mark.parametrize(
    "end",
    [change_password, change_by_command, reset_elsewhere, log_out_everywhere, log_out_elsewhere],
)
def test_a_waiting_login_is_ended(end: Any, cast: Cast) -> None:
    secret = give_app(cast.ines)
    client, others = waiting(cast.ines), waiting(cast.ines)
    assert gets_in(others, secret)

    end(cast, secret)

    assert client.get(FACTOR)["Location"] == "/account/login/"
    assert not gets_in(client, secret)


def test_a_reset_in_the_waiting_browser_itself_ends_the_wait_and_goes_well(cast: Cast) -> None:
    secret = give_app(cast.ines)
    client = waiting(cast.ines)

    answer = reset_password(client, cast.ines)

    assert (answer.status_code, answer["Location"]) == (302, "/account/password/reset/key/done/")
    assert not gets_in(client, secret)


def test_a_reset_in_a_browser_that_is_logged_in_goes_well(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)

    answer = reset_password(client, cast.ines)

    assert (answer.status_code, answer["Location"]) == (302, "/account/password/reset/key/done/")
    assert "_auth_user_id" not in client.session


def test_somebody_elses_waiting_login_goes_on(cast: Cast) -> None:
    secret = give_app(cast.theo)
    client = waiting(cast.theo)

    end_sessions(user=cast.ines, network="", now=timezone.now())

    assert gets_in(client, secret)


def test_a_login_that_is_ended_while_its_code_is_checked_begins_no_session(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, check = give_app(cast.ines), AuthenticateForm.clean_code
    client = waiting(cast.ines)

    def end_meanwhile(form: AuthenticateForm) -> str:
        code = check(form)
        delete_sessions(user=cast.ines)
        return code

    monkeypatch.setattr(AuthenticateForm, "clean_code", end_meanwhile)

    assert not gets_in(client, secret)
    assert not Session.objects.filter(user=cast.ines).exists()


def test_a_waiting_login_is_no_session_in_the_list(cast: Cast) -> None:
    user = UserFactory.create(pk=40_000, email_proven_at=cast.now)
    with acting_for(cast.juniper):
        give_role(user=user, role=Role.VIEWER, by=SYSTEM, now=cast.now)
    give_app(user)
    client = waiting(user)

    assert open_sessions(user, current=None, now=timezone.now()) == []
    row = Session.objects.get(pk=client.session.session_key)
    assert (row.kind, row.user) == ("visitor", user)


def test_a_password_set_by_command_ends_every_session_and_is_recorded(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)

    change_by_command(cast, "")

    assert "_auth_user_id" not in client.session
    cast.ines.refresh_from_db()
    assert cast.ines.check_password(NEW)
    with acting_for(cast.juniper):
        entry = AuditEntry.objects.get(action="password.changed")
    assert entry.actor == "manage.py changepassword"
