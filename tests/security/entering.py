"""Log in by the real login pages, with and without a second factor."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from accounts.models import Brand, User
from accounts.totp_codes import LAST_TIME_STEP

PASSWORD = "kettle orbit maple 42"
WRONG = "not the password at all"


def browser(**headers: Any) -> Client:
    return Client(raise_request_exception=False, **headers)


@pytest.fixture(autouse=True)
def fast_and_fresh(settings: Any) -> None:
    """No limit counts what another test did, and hashing passwords takes no time."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def standing_clock(time_machine: TimeMachineFixture) -> None:
    """A code of an app is still that of this half minute when it is entered."""
    time_machine.move_to(timezone.now(), tick=False)


def give_password(user: User) -> User:
    row = User.objects.get(pk=user.pk)
    if not row.check_password(PASSWORD):
        row.set_password(PASSWORD)
        row.save(update_fields=["password"])
    return row


def give_app(user: User) -> str:
    """An authenticator app for this user; its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now. Each code enters once, so what was used before is forgotten.

    The half minute must not end before the code is entered, so the clock stands.
    """
    assert time.time_ns() == time.time_ns(), "the test has to ask for standing_clock"
    cache.clear()
    for row in Authenticator.objects.filter(type="totp", data__has_key=LAST_TIME_STEP):
        del row.data[LAST_TIME_STEP]
        row.save()
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def post_password(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post("/account/login/", {"login": user.email, "password": password})


def log_in(client: Client, user: User, *, secret: str = "") -> Client:
    """By password, and by the app's code where there is a secret."""
    answer = post_password(client, give_password(user))
    assert answer.status_code == 302, answer.content
    if secret:
        assert answer["Location"] == "/account/2fa/authenticate/"
        answer = client.post(answer["Location"], {"code": code_of(secret)})
        assert answer.status_code == 302, answer.content
    assert "_auth_user_id" in client.session
    return client


def require_factor(brand: Brand) -> None:
    Brand.objects.filter(pk=brand.pk).update(requires_second_factor=True)


def has_app(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type="totp").exists())
