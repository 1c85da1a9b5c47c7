"""Staff log in by a mailed code: where it leads, and what it asks for besides."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.answers import page_text
from tests.cast import Cast
from tests.factories import AuthenticatorFactory
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db
ASK, ENTER = "/account/login/code/", "/account/login/code/confirm/"


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now, tick=False)


def log_in(client: Client, mailbox: Mailbox, user: User, **more: str) -> Any:
    """Ask for a code and enter it, grouped as people do."""
    client.post(ASK, {"email": user.email.upper(), **more})
    mail = mailbox.to(user.email)[-1]
    found = re.search(r"^\s+(\d{6})\b", mail.get_content(), re.MULTILINE)
    assert found is not None
    return client.post(ENTER, {"code": f"{found[1][:3]} {found[1][3:]}"})


def test_a_code_leads_staff_to_their_brand(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    answer = log_in(client, mailbox, cast.ines)

    assert answer["Location"] == "/"
    assert client.get("/")["Location"] == "/admin/juniper/"
    cast.ines.refresh_from_db()
    assert cast.ines.email_proven_at == cast.now


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/admin/juniper/members/", "/admin/juniper/members/"),
        ("https://else.example/", "/"),
        ("//else.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_a_code_leads_on_to_a_page_of_ours_alone(
    cast: Cast, client: Client, mailbox: Mailbox, wanted: str, reached: str
) -> None:
    page = page_text(client.get(ASK, {"next": wanted}))
    assert ('name="next"' in page) == (wanted == reached)

    assert log_in(client, mailbox, cast.ines, next=wanted)["Location"] == reached


def test_the_password_page_leads_to_the_code_page_with_its_aim(client: Client) -> None:
    page = page_text(client.get("/account/login/", {"next": "/admin/juniper/"}))

    assert 'href="/account/login/code/?next=/admin/juniper/"' in page


def test_a_second_factor_is_asked_for(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    AuthenticatorFactory.create(user=cast.ines)

    answer = log_in(client, mailbox, cast.ines)

    assert answer["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_a_creator_who_comes_by_the_staffs_page_ends_in_the_portal(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    client.post(ASK, {"email": cast.mara.email})
    [mail] = mailbox.to(cast.mara.email)
    client.post(ENTER, {"code": str(mail["Subject"])[:6]})

    assert client.get("/")["Location"] == "/portal/"


def test_without_a_code_under_way_there_is_nothing_to_enter(client: Client) -> None:
    assert client.get(ENTER)["Location"] == ASK
    assert client.post(ENTER, {"code": "123456"})["Location"] == ASK


def test_who_is_logged_in_is_asked_for_no_code(cast: Cast, client: Client) -> None:
    client.force_login(cast.ines)

    assert client.get(ASK)["Location"] == "/"


def test_the_page_says_that_a_code_is_under_way(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    assert "I have a code" not in client.get(ASK).content.decode()

    client.post(ASK, {"email": cast.ines.email})

    assert "I have a code" in client.get(ASK).content.decode()
    assert "No mail after two minutes?" in client.get(ENTER).content.decode()


@pytest.mark.parametrize("address", [ASK, ENTER])
def test_forms_need_their_csrf_token(address: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(address, {"email": "x@else.example"})

    assert answer.status_code == 403
