"""A person gets a mail when their login is changed, whatever was changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from django.core import mail
from django.utils import timezone

from accounts.change_mail import CHANGES, mail_change
from tests.cast import Cast
from tests.security.entering import PASSWORD, browser, give_password, log_in
from tests.security.entering import fast_and_fresh as fast_and_fresh

SENT = re.compile(r"send_notification_mail\(\s*\"([a-z/_]+)\"")
NOT_ROUTED = {  # the pages of allauth's own address table
    f"account/email/email_{what}" for what in ("changed", "confirm", "deleted")
}


@pytest.fixture(autouse=True)
def in_memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_every_change_that_allauth_tells_of_has_its_words() -> None:
    parts = [Path(allauth.__path__[0]) / part for part in ("account", "mfa")]
    sources = [path.read_text() for part in parts for path in part.rglob("*.py")]

    told = {name for source in sources for name in SENT.findall(source)}

    assert told - NOT_ROUTED == CHANGES.keys()


def test_a_changed_password_is_mailed_with_where_it_came_from(cast: Cast) -> None:
    client = log_in(browser(REMOTE_ADDR="203.0.113.7"), give_password(cast.ines))
    new = "marble canyon otter 77"

    client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
        headers={"user-agent": "Mozilla/5.0 (Macintosh) Firefox/140.0"},
    )

    [sent] = mail.outbox
    assert sent.to == [cast.ines.email]
    assert "Your password was changed." in sent.body
    assert "Firefox on Mac, network address 203.0.113.7" in sent.body
    assert new not in sent.body


def test_a_mail_server_that_is_away_keeps_nobody_from_a_change(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    mail_change(
        change="account/email/password_changed",
        user=cast.ines,
        agent="",
        network="",
        now=timezone.now(),
    )
