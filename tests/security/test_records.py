"""Who came in, who failed to, and who changed how: in the log, and for staff in the audit log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.test import Client

from accounts import one_time_login
from accounts.audit_log.security_log import address_digest
from accounts.code_limits import PASSWORD_ADDRESS_WIDE_HOUR
from accounts.login_failures import record_failure, write_failure_entries
from accounts.models import AuditEntry, Brand, FailureReason, LoginFailure, Role, Session, Staff
from accounts.services import change_staff_role, give_role, remove_staff
from brand_admin import history
from core.tenancy import acting_for
from tests.answers import page_text
from tests.cast import SYSTEM, Cast
from tests.security.entering import (
    PASSWORD,
    WRONG,
    browser,
    code_of,
    give_app,
    give_password,
    log_in,
    post_password,
)
from tests.security.entering import fast_and_fresh as fast_and_fresh
from tests.security.entering import standing_clock as standing_clock

pytestmark = pytest.mark.usefixtures("standing_clock")

FROM = {"REMOTE_ADDR": "203.0.113.7"}
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Lines(logging.Handler):
    """What the log `security` was told."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def facts(self, event: str) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in vars(record).items() if key not in STANDARD}
            for record in self.records
            if record.getMessage() == event
        ]

    def everything(self) -> str:
        return repr([(record.getMessage(), vars(record)) for record in self.records])


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger("security").addHandler(handler)
    yield handler
    logging.getLogger("security").removeHandler(handler)


def entries(brand: Brand, action: str) -> list[str]:
    """What the audit log of the brand shows of it, oldest first."""
    with acting_for(brand):
        rows = AuditEntry.objects.filter(action=action).order_by("pk")
        return [f"{line.actor} {line.words}" for line in history.lines(rows)]


INES = "Ines Castell <ines@juniper.example>"


def test_what_is_told_is_kept_whatever_the_level_of_the_rest() -> None:
    logger = logging.getLogger("security")

    assert settings.LOGGING["root"]["level"] == "WARNING"
    assert logger.getEffectiveLevel() == logging.INFO
    assert logger.propagate
    assert all(handler.level <= logging.INFO for handler in logging.getLogger().handlers)


# --- Logins --------------------------------------------------------------------------------------


def test_a_login_is_logged_and_stands_in_the_audit_log_of_every_brand(
    cast: Cast, lines: Lines
) -> None:
    with acting_for(cast.saltmarsh):
        give_role(user=cast.ines, role=Role.VIEWER, by=SYSTEM, now=cast.now)
    secret = give_app(cast.ines)

    log_in(browser(**FROM), cast.ines, secret=secret)

    assert lines.facts("login.done") == [
        {
            "user_id": cast.ines.pk,
            "network": "203.0.113.7",
            "ways": "a password, an authenticator app",
        }
    ]
    told = [f"{INES} logged in with a password, an authenticator app"]
    assert entries(cast.juniper, "login.done") == told
    assert entries(cast.saltmarsh, "login.done") == told


def test_a_one_time_link_and_a_creators_login_are_logged(cast: Cast, lines: Lines) -> None:
    browser(**FROM).post(f"/once/{one_time_login.make_token(cast.vera)}")

    assert [line["ways"] for line in lines.facts("login.done")] == ["a one-time link"]


def test_leaving_is_logged(cast: Cast, lines: Lines) -> None:
    log_in(browser(**FROM), cast.ines).post("/account/logout/")

    assert [line["user_id"] for line in lines.facts("login.ended")] == [cast.ines.pk]


# --- Failures ------------------------------------------------------------------------------------


def test_a_wrong_password_is_logged_without_it_and_without_a_strangers_address(
    cast: Cast, lines: Lines
) -> None:
    give_password(cast.ines)
    stranger = "nobody-knows@me.example"
    post_password(browser(**FROM), cast.ines, WRONG)
    browser(**FROM).post("/account/login/", {"login": stranger, "password": WRONG})

    known, unknown = lines.facts("login.failed")
    assert (known["user_id"], known["reason"]) == (cast.ines.pk, "password")
    assert (unknown["user_id"], unknown["network"]) == (None, "203.0.113.7")
    assert unknown["address_digest"] == address_digest("Nobody-Knows@me.example ")
    assert stranger not in lines.everything()
    assert WRONG not in lines.everything()


def test_a_known_and_an_unknown_address_write_the_same(cast: Cast) -> None:
    for address in (cast.ines.email, "nobody@me.example"):
        browser().post("/account/login/", {"login": address, "password": WRONG})

    assert list(LoginFailure.objects.order_by("pk").values_list("untold", flat=True)) == [1, 1]


def test_every_second_factor_and_code_that_is_wrong_counts(cast: Cast, lines: Lines) -> None:
    give_app(cast.ines)
    client = browser(**FROM)
    post_password(client, give_password(cast.ines))
    client.post("/account/2fa/authenticate/", {"code": "000000"})

    assert [line["reason"] for line in lines.facts("login.failed")] == ["second_factor"]
    assert not entries(cast.juniper, "login.done")


def test_too_many_tries_are_logged_as_that(cast: Cast, lines: Lines) -> None:
    client = browser(**FROM)
    for _ in range(PASSWORD_ADDRESS_WIDE_HOUR.max_count + 1):
        post_password(client, cast.ines, WRONG)

    reasons = [line["reason"] for line in lines.facts("login.failed")]
    assert reasons == [*["password"] * PASSWORD_ADDRESS_WIDE_HOUR.max_count, "too_many"]


def test_a_stranger_cannot_flood_the_audit_log(cast: Cast) -> None:
    def fail(times: int) -> None:
        for _ in range(times):
            record_failure(
                address=cast.ines.email,
                reason=FailureReason.PASSWORD,
                network="203.0.113.7",
                now=cast.now,
            )

    fail(1)
    assert write_failure_entries(now=cast.now) == 1
    fail(300)
    assert [write_failure_entries(now=cast.now + timedelta(minutes=at)) for at in (1, 30, 59)] == [
        0,
        0,
        0,
    ]
    assert write_failure_entries(now=cast.now + timedelta(minutes=60)) == 1
    assert write_failure_entries(now=cast.now + timedelta(minutes=180)) == 0

    assert entries(cast.juniper, "login.failures") == [
        "somebody at the login page failed to log in once: wrong password",
        "somebody at the login page failed to log in 300 times: wrong password",
    ]
    assert entries(cast.saltmarsh, "login.failures") == []


def test_what_is_told_or_nobodys_is_forgotten(cast: Cast) -> None:
    for address in (cast.ines.email, "nobody@me.example"):
        record_failure(address=address, reason=FailureReason.CODE, network="", now=cast.now)

    write_failure_entries(now=cast.now)
    assert LoginFailure.objects.get().user == cast.ines
    write_failure_entries(now=cast.now + timedelta(days=1))

    assert LoginFailure.objects.count() == 0


# --- Second factors, passwords, sessions ---------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_second_factors_and_recovery_codes_are_recorded(cast: Cast, lines: Lines) -> None:
    client = log_in(browser(**FROM), cast.ines)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    client.get("/account/2fa/recovery-codes/")
    client.get("/account/2fa/recovery-codes/download/")
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    client.post("/account/2fa/recovery-codes/generate/")
    client.post("/account/2fa/totp/deactivate/")

    assert entries(cast.juniper, "second_factor.added") == [
        f"{INES} added an authenticator app to their second factors",
        f"{INES} added recovery codes to their second factors",
    ]
    assert len(entries(cast.juniper, "recovery_codes.viewed")) == 2
    assert entries(cast.juniper, "recovery_codes.made") == [f"{INES} made new recovery codes"]
    assert f"{INES} removed an authenticator app from their second factors" in entries(
        cast.juniper, "second_factor.removed"
    )
    told = lines.everything()
    assert secret not in told
    assert [code for code in codes if code in told] == []


def test_a_changed_password_is_recorded_without_it(cast: Cast, lines: Lines) -> None:
    client, new = log_in(browser(**FROM), cast.ines), "seven lamps under water"

    client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert [line["ended"] for line in lines.facts("password.changed")] == [0]
    assert entries(cast.juniper, "password.changed") == [
        f"{INES} changed their password, which ended 0 other sessions"
    ]
    assert new not in lines.everything()
    assert PASSWORD not in lines.everything()


def test_ended_sessions_are_recorded(cast: Cast) -> None:
    client = log_in(browser(**FROM), cast.ines)
    for _ in range(2):
        browser().force_login(give_password(cast.ines))
    assert Session.objects.filter(user=cast.ines).count() == 3

    client.post("/admin/juniper/settings/account/sessions/")
    client.post("/admin/juniper/settings/account/sessions/")

    assert entries(cast.juniper, "sessions.ended") == [f"{INES} ended 2 sessions of their own"]


# --- Roles ---------------------------------------------------------------------------------------


def test_roles_are_logged_once_they_are_committed(
    cast: Cast, lines: Lines, django_capture_on_commit_callbacks: Any
) -> None:
    with acting_for(cast.juniper), django_capture_on_commit_callbacks(execute=True):
        row = give_role(user=cast.otto, role=Role.VIEWER, by=SYSTEM, now=cast.now)
        change_staff_role(staff=row, role=Role.MANAGER, by=SYSTEM, now=cast.now)
        target = f"staff:{row.pk}"
        remove_staff(staff=Staff.objects.get(pk=row.pk), by=SYSTEM, now=cast.now)
        assert lines.records == []

    about = {"target": target, "by_user_id": None, "brand_id": cast.juniper.pk}
    assert lines.facts("staff.role_given") == [
        {**about, "role": "viewer"},
        {**about, "role": "manager"},
    ]
    assert lines.facts("staff.removed") == [{**about, "role": "manager"}]
    assert "new@juniper.example" not in lines.everything()


# --- In plain words ------------------------------------------------------------------------------


def test_the_audit_page_says_it_in_plain_words(cast: Cast) -> None:
    client: Client = log_in(browser(**FROM), cast.ines, secret=give_app(cast.ines))

    page = page_text(client.get("/admin/juniper/settings/audit-log/?about=brand"))

    assert "Logged in with a password, an authenticator app" in page
    assert "Ines Castell" in page


def test_every_action_of_these_records_has_words() -> None:
    actions = {
        "login.done", "login.failures", "password.changed", "password.reset", "sessions.ended",
        "recovery_codes.made", "recovery_codes.viewed", "second_factor.added",
        "second_factor.removed", "brand.second_factor_required",
        "brand.second_factor_no_longer_required",
    }  # fmt: skip

    assert actions <= history.WORDS.keys()
