"""Sessions end by idle and whole time on the server, whatever the cookie says, and by hand."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Session, SessionKind, User
from accounts.sessions import SessionStore, delete_expired_sessions, end_sessions
from accounts.tasks import delete_sessions
from affiliates.logins import user_for_proven_address
from tests.answers import page_text
from tests.architecture.routes import in_brand_admin, routes
from tests.architecture.source import ROOT
from tests.architecture.world import World
from tests.cast import Cast
from tests.programs import COMPLETE, run_forked
from tests.security.entering import (  # noqa: F401
    PASSWORD,
    browser,
    code_of,
    fast_and_fresh,
    give_app,
    give_password,
    log_in,
)
from tests.security.entering import standing_clock as standing_clock

pytestmark = pytest.mark.usefixtures("standing_clock")

HOURS, DAYS = 3600, 24 * 3600
START = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
ACCOUNT = "/admin/juniper/settings/account/"


def person(kind: str, cast: Cast) -> tuple[User, str]:
    """Somebody of this kind, and a page that their login alone opens."""
    if kind == "staff":
        return cast.vera, "/admin/juniper/"
    if kind == "operator":
        return User.objects.create_superuser("op@tributary.example", PASSWORD), "/portal/"
    user = user_for_proven_address(email=cast.mara.email, now=cast.now)
    assert user is not None
    return user, "/portal/"


def is_in(client: Client, page: str) -> bool:
    return bool(client.get(page).status_code == 200)


# --- Times ---------------------------------------------------------------------------------------


def test_the_times_are_those_that_the_handbook_states() -> None:
    assert settings.SESSION_LIMITS == {
        "operator": (30 * 60, 12 * HOURS),
        "staff": (12 * HOURS, 7 * DAYS),
        "creator": (30 * DAYS, 90 * DAYS),
        "visitor": (1 * HOURS, 24 * HOURS),
    }
    assert set(settings.SESSION_LIMITS) == set(SessionKind.values)


@pytest.mark.parametrize("kind", ["operator", "staff", "creator"])
def test_a_session_that_is_not_used_ends(kind: str, cast: Cast) -> None:
    user, page = person(kind, cast)
    idle = settings.SESSION_LIMITS[kind][0]
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        client.force_login(user)
        clock.move_to(START + timedelta(seconds=idle - 1))
        assert is_in(client, page)
        clock.move_to(START + timedelta(seconds=2 * idle - 2))
        assert is_in(client, page)
        clock.move_to(START + timedelta(seconds=3 * idle))
        assert not is_in(client, page)


@pytest.mark.parametrize("kind", ["operator", "staff", "creator"])
def test_a_session_that_is_used_all_the_time_ends_too(kind: str, cast: Cast) -> None:
    user, page = person(kind, cast)
    idle, whole = settings.SESSION_LIMITS[kind]
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        client.force_login(user)
        for passed in range(idle // 2, whole, idle // 2):
            clock.move_to(START + timedelta(seconds=passed))
            assert is_in(client, page), passed
        clock.move_to(START + timedelta(seconds=whole))
        assert not is_in(client, page)


def test_what_was_stolen_from_a_cookie_jar_opens_nothing_afterwards(world: World) -> None:
    """On every address that a login opens, with a row that nobody has deleted yet."""
    values = world.own_values()
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        client.force_login(world.cast.ines)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        clock.move_to(START + timedelta(hours=12))
        assert Session.objects.filter(pk=key).exists()
        tried = 0
        for route in in_brand_admin():
            for method in ("get", "post"):
                client.cookies[settings.SESSION_COOKIE_NAME] = key
                answer = getattr(client, method)(route.address(values))
                assert answer.status_code == 405 or "/login/" in answer["Location"], route
                tried += 1
        for route in routes():
            if getattr(route.view, "opened_by", "") == "creator login" and not route.parameters:
                client.cookies[settings.SESSION_COOKIE_NAME] = key
                answer = client.get(route.address({}))
                assert answer.status_code == 405 or "/login/" in answer["Location"], route
                tried += 1

    assert tried > 150


def test_a_shorter_limit_counts_for_sessions_that_are_open(cast: Cast, settings: Any) -> None:
    client = browser()
    client.force_login(cast.ines)
    settings.SESSION_LIMITS = settings.SESSION_LIMITS | {"staff": (60, 120)}

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert not is_in(client, "/admin/juniper/")


def test_a_creator_who_becomes_staff_has_staffs_times(cast: Cast) -> None:
    client = browser()
    client.force_login(cast.ines)
    Session.objects.update(kind="creator", used_at=timezone.now() - timedelta(minutes=2))

    assert is_in(client, "/admin/juniper/")

    row = Session.objects.get()
    assert row.kind == "staff"
    assert row.expire_date - timezone.now() <= timedelta(hours=12)


def test_an_old_creators_session_opens_no_page_of_a_brand_they_joined_since(cast: Cast) -> None:
    client, used = browser(), timezone.now() - timedelta(hours=13)
    client.force_login(cast.ines)
    Session.objects.update(kind="creator", began_at=used, used_at=used)

    answer = client.get("/admin/juniper/")

    assert "/account/login/" in answer["Location"]
    assert Session.objects.count() == 0


def test_use_is_written_down_once_a_minute(cast: Cast) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        client.force_login(cast.ines)
        written = []
        for seconds in (1, 59, 60, 61, 119, 120):
            clock.move_to(START + timedelta(seconds=seconds))
            with CaptureQueriesContext(connection) as queries:
                assert is_in(client, "/admin/juniper/")
            changing = [one for one in queries if 'UPDATE "accounts_session"' in one["sql"]]
            written.append(len(changing))

    assert written == [0, 0, 1, 0, 0, 1]


def test_beat_deletes_what_is_over_and_nothing_else(cast: Cast) -> None:
    over, open_ = browser(), browser()
    for client in (over, open_):
        client.force_login(cast.ines)
    key = over.cookies[settings.SESSION_COOKIE_NAME].value
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))

    delete_sessions()

    assert not Session.objects.filter(pk=key).exists()
    assert Session.objects.count() == 1
    assert is_in(open_, "/admin/juniper/")
    assert delete_expired_sessions(now=timezone.now()) == 0


# --- Keys ----------------------------------------------------------------------------------------


def key_of(client: Client) -> str:
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def test_a_login_changes_the_key_also_when_logged_in_already(cast: Cast) -> None:
    client = browser()
    client.get("/account/login/code/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted or ""

    log_in(client, cast.ines)

    assert key_of(client) != planted
    assert not Session.objects.filter(pk=planted).exists()


def test_a_new_password_ends_all_other_sessions_and_changes_the_key(cast: Cast) -> None:
    client, other = log_in(browser(), cast.ines), browser()
    other.force_login(User.objects.get(pk=cast.ines.pk))
    before = key_of(client)
    new = "seven lamps under water"

    answer = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert answer.status_code == 302
    assert Session.objects.filter(user=cast.ines).count() == 1
    assert key_of(client) != before
    assert (is_in(client, "/admin/juniper/"), is_in(other, "/admin/juniper/")) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_changes_the_key(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    before = key_of(client)
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret

    answer = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})

    assert answer.status_code == 302
    assert key_of(client) != before
    assert not Session.objects.filter(pk=before).exists()


@pytest.mark.django_db
def test_a_session_that_is_ended_while_it_is_in_use_gets_no_new_key(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)
    in_use = SessionStore(key_of(client))
    assert in_use.get(SESSION_KEY) == str(cast.ines.pk)
    end_sessions(user=cast.ines, network="", now=timezone.now())

    with pytest.raises(SessionInterrupted):
        in_use.cycle_key()

    assert not Session.objects.filter(user=cast.ines).exists()


# --- My account ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ines", "theo", "vera"])
def test_staff_of_every_role_see_and_end_their_sessions(name: str, cast: Cast) -> None:
    user = getattr(cast, name)
    here = log_in(browser(HTTP_USER_AGENT="Firefox (Macintosh)"), user)
    there = log_in(browser(HTTP_USER_AGENT="Chrome (Windows NT)", REMOTE_ADDR="203.0.113.9"), user)

    page = page_text(here.get(ACCOUNT))

    assert "Firefox on Mac" in page
    assert "Chrome on Windows" in page
    assert "203.0.113.9" in page
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in page
    [handle] = re.findall(r'action="/admin/juniper/settings/account/sessions/(\w+)/"', page)
    assert here.post(f"{ACCOUNT}sessions/{handle}/")["Location"] == ACCOUNT
    assert (is_in(here, ACCOUNT), is_in(there, ACCOUNT)) == (True, False)


def test_somebody_elses_session_can_not_be_ended(cast: Cast) -> None:
    vera, theo = browser(), browser()
    vera.force_login(cast.vera)
    theo.force_login(cast.theo)
    browser().force_login(cast.theo)
    page = page_text(theo.get(ACCOUNT))
    [handle] = re.findall(r'action="/admin/juniper/settings/account/sessions/(\w+)/"', page)

    assert vera.post(f"{ACCOUNT}sessions/{handle}/").status_code == 404
    assert vera.post(f"{ACCOUNT}sessions/nonsense/").status_code == 404
    vera.post(f"{ACCOUNT}sessions/")

    assert Session.objects.filter(user=cast.theo).count() == 2


@pytest.mark.parametrize(("fields", "left"), [({}, 1), ({"everywhere": ""}, 0)])
def test_all_others_end_at_once_or_all(fields: dict[str, str], left: int, cast: Cast) -> None:
    clients = [browser() for _ in range(3)]
    for client in clients:
        client.force_login(cast.vera)

    clients[0].post(f"{ACCOUNT}sessions/", fields)

    assert Session.objects.filter(user=cast.vera).count() == left
    assert [is_in(client, ACCOUNT) for client in clients] == [bool(left), False, False]


# --- Cookies -------------------------------------------------------------------------------------

COOKIES = """
import django
django.setup()
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.messages import get_messages, info
from django.middleware.csrf import get_token
from django.test import RequestFactory
from accounts.sessions import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from portal.language import back_in

class Kept(SessionStore):
    def save(self, must_create=False):
        self._session_key = "k" * 32

def view(request):
    get_token(request)
    request.session["a"] = 1
    info(request, "said")
    return back_in(request, "de", start="/")

request = RequestFactory().post("/", secure=True)
request._dont_enforce_csrf_checks = True
outer = SessionMiddleware(CsrfViewMiddleware(MessageMiddleware(view)))
outer.SessionStore = Kept
for morsel in outer(request).cookies.values():
    print(morsel.OutputString())
"""


def test_cookies_of_production_belong_to_this_host_alone() -> None:
    ran = run_forked(COOKIES, environment={**COMPLETE, "DJANGO_SETTINGS_MODULE": "config.settings"})

    cookies = ran.stdout.strip().splitlines()
    assert sorted(line.partition("=")[0] for line in cookies) == [
        "__Host-csrftoken",
        "__Host-language",
        "__Host-messages",
        "__Host-sessionid",
    ]
    for line in cookies:
        parts = {part.strip().lower() for part in line.split(";")}
        assert {"secure", "path=/"} <= parts, line
        assert not any(part.startswith("domain") for part in parts), line


def test_no_cookie_is_named_by_hand() -> None:
    """A name in code would miss its prefix in production."""
    written = re.compile(r"""["'](sessionid|csrftoken)["']|(?:get|set)_cookie\(\s*["']language""")
    places = [ROOT / name for name in ("tests", "benchmarks", "core", "portal", "config", "api")]

    assert [
        str(path)
        for place in places
        for path in place.rglob("*.py")
        if written.search(path.read_text()) and path.name != "test_sessions.py"
    ] == []


def test_local_mode_keeps_names_that_plain_http_may_set() -> None:
    assert (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME) == ("sessionid", "csrftoken")
    assert isinstance(SessionStore().use.kind, str)


@pytest.mark.parametrize("key", [r"abcdefgh\000ij", r"abcdefgh\303\244", "../../../etc"])
@pytest.mark.parametrize("page", ["/", "/account/login/", "/portal/", "/admin/juniper/"])
def test_a_cookie_that_is_no_key_of_ours_is_no_session(page: str, key: str, cast: Cast) -> None:
    """In quotes a cookie can hold any byte, also those that PostgreSQL refuses."""
    client = browser(headers={"cookie": f'sessionid="{key}"'})

    assert client.get(page).status_code in {200, 302}
