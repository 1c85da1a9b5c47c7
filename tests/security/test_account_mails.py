"""Every address in a mail about a login is built from BASE_URL, whatever the Host header says."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.core import mail
from django.test import Client, RequestFactory

from affiliates.code_mail import mail_all_due
from tests.architecture.source import ROOT
from tests.cast import Cast
from tests.security.people import gather, logged_in, unproven

BASE = "https://tributary.example"
FORGED = ("testserver:6666", "localhost:1234", "127.0.0.1:9")
ADDRESS = re.compile(r"https?://[^\s/]+")
LIBRARY = Path(allauth.__file__).parent / "templates"
PREFIXES = sorted(
    str(path.relative_to(LIBRARY)).removesuffix("_message.txt")
    for app in ("account", "mfa")
    for path in (LIBRARY / app / "email").glob("*_message.txt")
    if path.name != "base_message.txt"
)


@pytest.fixture(autouse=True)
def _base(settings: object) -> None:
    settings.BASE_URL = BASE  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", FORGED)
def test_the_reset_mail_leads_to_the_product(host: str, cast: Cast) -> None:
    answer = Client(headers={"host": host}).post(
        "/account/password/reset/", {"email": cast.ines.email}
    )

    assert answer.status_code == 302
    mail_all_due()
    [sent] = mail.outbox
    assert set(ADDRESS.findall(str(sent.body))) == {BASE}
    assert host not in f"{sent.subject}{sent.body}"
    assert f"{BASE}/account/password/reset/key/" in sent.body
    assert sent.subject == "Set a new password for Tributary"
    assert "If it was not you, there is nothing to do" in sent.body


@pytest.mark.parametrize(
    "route",
    ["", "done/", "key/1-set-password/", "key/done/"],
)
def test_the_pages_of_a_reset_are_ours(route: str) -> None:
    """The library's own say "Bad Token" and "contact us", and lead nowhere."""
    page = Client().get(f"/account/password/reset/{route}")

    assert page.status_code == 200
    assert Path(page.templates[0].origin.name).is_relative_to(ROOT / "templates")
    assert b'href="/account/' in page.content


def test_the_link_sets_a_password_once(cast: Cast) -> None:
    client = Client()
    client.post("/account/password/reset/", {"email": cast.ines.email})
    mail_all_due()
    [link] = re.findall(rf"{BASE}(\S+)", str(mail.outbox[0].body))

    page = client.get(link)["Location"]
    new = {"password1": "seven-tin-otters", "password2": "seven-tin-otters"}
    assert client.post(page, new)["Location"] == "/account/password/reset/key/done/"
    cast.ines.refresh_from_db()
    assert cast.ines.check_password("seven-tin-otters")
    assert Client().get(link).status_code == 200  # says that it is over
    assert "_auth_user_id" not in client.session


def test_an_unproven_and_an_unknown_address_get_the_same_page_and_no_mail(cast: Cast) -> None:
    unproven("somebody@fern.example")
    answers = [
        Client().post("/account/password/reset/", {"email": address})
        for address in ("somebody@fern.example", "nobody@fern.example", cast.ines.email)
    ]

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {
        (302, "/account/password/reset/done/")
    }
    mail_all_due()
    assert [sent.to for sent in mail.outbox] == [[cast.ines.email]]


@pytest.mark.parametrize("host", FORGED)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_mail_of_the_library_names_the_host_that_was_asked_for(
    prefix: str, host: str, cast: Cast
) -> None:
    """Whether it is sent today or not: composed by our adapter, a mail knows no request."""
    request = RequestFactory(headers={"host": host}).get("/")
    with request_context(request):
        get_adapter(request).send_mail(
            prefix, cast.ines.email, {"request": request, "user": cast.ines, "code": "123456"}
        )

    [sent] = mail.outbox
    assert host not in f"{sent.subject}{sent.body}"
    assert set(ADDRESS.findall(str(sent.body))) <= {BASE}


@pytest.mark.parametrize("host", FORGED)
def test_what_an_operator_has_sent_leads_to_the_product(host: str, cast: Cast) -> None:
    people = gather(cast)
    client = logged_in(people.operator, method="mfa")

    client.post(
        f"/platform/accounts/user/{people.viewer.pk}/act/send-reset/",
        {"reason": "x"},
        headers={"host": host},
    )

    [sent] = mail.outbox
    assert set(ADDRESS.findall(str(sent.body))) == {BASE}
