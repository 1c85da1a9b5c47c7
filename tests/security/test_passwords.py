"""A new password is neither short nor leaked; a wrong one tells nothing."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.answers import page_text
from tests.cast import Cast
from tests.security.entering import PASSWORD, browser, give_app, give_password, log_in
from tests.security.entering import fast_and_fresh as fast_and_fresh
from tests.security.people import unproven
from tests.security.test_mailed_codes import shape, without_what_differs


@pytest.mark.parametrize(
    "password",
    ["qwertyuiop123", "iloveyou1234", "trustno1trustno1", "correcthorsebatterystaple",
     "Liverpool2010", "DRAGON123456", " 1q2w3e4r5t6y ", "neworleans12345"],
)  # fmt: skip
def test_leaked_passwords_are_refused(password: str, cast: Cast) -> None:
    client = log_in(browser(), cast.ines)

    answer = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )

    assert answer.status_code == 200
    assert "lists of leaked passwords" in page_text(answer)
    assert User.objects.get(pk=cast.ines.pk).check_password(PASSWORD)


def test_a_short_one_is_refused_and_an_unknown_one_is_not(cast: Cast) -> None:
    give_password(cast.ines)
    give_app(cast.vera)
    client = log_in(browser(), cast.ines)

    def change(new: str) -> int:
        fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        return int(client.post("/account/password/change/", fields).status_code)

    assert [change("elevenchars"), change("ines castell ines"), change(PASSWORD + " 7")] == [
        200, 200, 302,
    ]  # fmt: skip


def test_a_wrong_password_costs_the_same_for_every_address(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many hashes, the same statements and the same page, whether there is such a login."""
    hashed, encode = [], MD5PasswordHasher.encode

    def counted(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    give_password(cast.ines)
    User.objects.filter(pk=give_password(cast.vera).pk).update(is_active=False)
    unproven("somebody@fern.example")
    addresses = [
        cast.ines.email, cast.vera.email, cast.theo.email, cast.june.email,
        "somebody@fern.example", "nobody@else.example",
    ]  # fmt: skip
    seen = []
    for address in addresses:
        client = browser()
        client.get("/account/login/")
        cache.clear()
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = client.post("/account/login/", {"login": address, "password": "wrong one"})
        page = without_what_differs(answer.content.decode(), address)
        statements = [re.sub("_django_curs_\\w+", "?", one) for one in shape(queries)]
        seen.append((answer.status_code, len(hashed), statements, page))

    assert seen[0][:2] == (200, 1)
    assert seen == [seen[0]] * len(addresses)
