"""Outside local mode nothing that has to be secret or true has a default."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT
from tests.forked import COMPLETE, Load

# Read by settings.py, and safe as they stand when nobody says anything.
OPTIONAL = {
    "ACCESS_LOG",
    "ANYMAIL",
    "CLICKS_FOLDER",
    "CLICKS_LEASE",
    "CLICKS_URL",
    "CREATOR_SESSION_IDLE",
    "CREATOR_SESSION_WHOLE",
    "TRIBUTARY_DEV",
    "TRIBUTARY_MODE",
    "DATABASE_POOL_SIZE",
    "DKIM_SELECTORS",
    "DNS_SERVER",
    "EMAIL_BACKEND",
    "EMAIL_RATE",
    "EMAIL_TIMEOUT",
    "EMAIL_WEBHOOKS",
    "ERASED_KEYS",
    "LINK_HOST",
    "LOG_LEVEL",
    "MESSAGE_BACKOFF",
    "MESSAGE_LEASE",
    "METRICS_TOKEN",
    "OPERATOR_SESSION_IDLE",
    "OPERATOR_SESSION_WHOLE",
    "SECRET_KEY_FALLBACKS",
    "SPF_INCLUDE",
    "STAND_INS",
    "STAFF_SESSION_IDLE",
    "STAFF_SESSION_WHOLE",
    "TRUSTED_PROXIES",
    "WEBHOOK_SENDERS",
    "WEB_CONCURRENT_REQUESTS",
    "WEB_QUEUE",
    "WEB_QUEUE_SECONDS",
    "WEB_WAITING_REQUESTS",
    "WEB_WORKERS",
    "WORK_LEASE",
}
READ = re.compile(r"env\.\w+\(\s*\"([A-Z_]+)\"")


def required() -> list[str]:
    """Every variable that settings.py reads and that is not optional."""
    return sorted(set(READ.findall((ROOT / "config/settings.py").read_text())) - OPTIONAL)


def test_complete_settings_load(load: Load) -> None:
    loaded = load(COMPLETE)

    assert (loaded.returncode, loaded.stderr) == (0, "")


@pytest.mark.parametrize("name", required())
def test_without_one_of_them_nothing_starts(load: Load, name: str) -> None:
    loaded = load({key: value for key, value in COMPLETE.items() if key != name})

    assert loaded.returncode != 0
    assert name in loaded.stderr.strip().splitlines()[-1]


def test_production_is_the_default_mode(load: Load) -> None:
    silent = {key: value for key, value in COMPLETE.items() if key != "TRIBUTARY_MODE"}
    names = "LOCAL", "DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"

    loaded = load(silent, f"print(*[getattr(settings, name) for name in {names!r}])")

    assert loaded.stdout.split() == ["False", "False", "True", "True", "True"]


def test_only_local_mode_has_stand_ins_of_shops(load: Load) -> None:
    said = {"STAND_INS": "api.stripe.com=127.0.0.1:9001"}

    production = load(COMPLETE | said, "print(settings.STAND_INS)")
    local = load(COMPLETE | said | {"TRIBUTARY_MODE": "local"}, "print(settings.STAND_INS)")

    assert production.stdout.strip() == "{}"
    assert local.stdout.strip() == "{'api.stripe.com': '127.0.0.1:9001'}"


def test_an_unknown_mode_is_refused(load: Load) -> None:
    loaded = load(COMPLETE | {"TRIBUTARY_MODE": "debug"})

    assert loaded.returncode != 0
    assert "TRIBUTARY_MODE" in loaded.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "LINK_KEYS", "CLICK_KEYS", "DETAILS_KEYS", "PUBLIC_ID_KEY"]
)
def test_an_empty_secret_is_none(load: Load, name: str) -> None:
    loaded = load(COMPLETE | {name: ""})

    assert loaded.returncode != 0
    assert name in loaded.stderr.strip().splitlines()[-1]


def test_the_example_names_every_variable_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text()
    written = set(re.findall(r"^#?([A-Z][A-Z_]+)=", example, flags=re.MULTILINE))
    of_compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert written >= set(required()) | OPTIONAL
    assert written <= set(required()) | OPTIONAL | of_compose
