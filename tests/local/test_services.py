"""Local services: started by the first user, stopped by the last, found again after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from environ import Env

from config.local.folders import (
    CHECKOUT,
    SHARED_PLACE,
    Checkout,
    LocalServiceError,
    own_folder,
    socket_folder,
)
from config.local.keys import NAMES, kept_secrets
from config.local.services import LocalServices
from tests.own_processes import send, until
from tests.template import copy_stopped

# A process that uses the services of a checkout until its input is closed.
USER = """
import os, sys
from pathlib import Path
from config.local.folders import Checkout
from config.local.services import LocalServices
services = LocalServices(Checkout(Path(sys.argv[1])))
services.ensure({})
print("up", flush=True)
sys.stdin.read()
services.leave()
"""


@pytest.fixture
def empty_checkout(tmp_path: Path) -> Iterator[Checkout]:
    """An empty checkout; root's database goes to a folder of its own, removed like the rest."""
    with new_checkout(tmp_path) as place:
        yield place


@contextmanager
def new_checkout(folder: Path) -> Iterator[Checkout]:
    place = Checkout(folder / "a checkout, with Umlaut ü")
    place.root.mkdir()
    yield place
    if place.state.exists():
        services = LocalServices(place)
        secrets = kept_secrets(place.secrets)
        postgres = services.postgres(secrets)
        postgres.stop()
        services.valkey(secrets).stop()
        shutil.rmtree(postgres.home, ignore_errors=True)
        shutil.rmtree(postgres.sockets, ignore_errors=True)


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose servers were started and stopped. Making a cluster takes longest."""
    with new_checkout(tmp_path_factory.mktemp("once")) as place:
        services = LocalServices(place)
        services.ensure({})
        services.leave()
        yield place


@pytest.fixture
def checkout(empty_checkout: Checkout, started_once: Checkout) -> Checkout:
    """A checkout with a cluster in it, from an earlier use."""
    own_folder(empty_checkout.state)
    shutil.copy2(started_once.secrets, empty_checkout.secrets)
    secrets = kept_secrets(empty_checkout.secrets)
    copy_stopped(
        LocalServices(started_once).postgres(secrets).home,
        LocalServices(empty_checkout).postgres(secrets),
    )
    return empty_checkout


@pytest.fixture
def start_user(checkout: Checkout) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start another process that uses the checkout's services; returns once they are up."""
    users: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        user = subprocess.Popen(
            [sys.executable, "-c", USER, str(checkout.root)],
            cwd=CHECKOUT.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        users.append(user)
        assert user.stdout is not None
        assert user.stdout.readline() == "up\n"
        return user

    yield start
    for user in users:
        user.kill()
        user.communicate()


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate("")
    assert user.returncode == 0


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    parts = Env.db_url_config(url)
    return psycopg.connect(
        host=parts["HOST"], user=parts["USER"], password=parts["PASSWORD"], dbname=parts["NAME"]
    )


def are_running(checkout: Checkout) -> tuple[bool, bool]:
    services = LocalServices(checkout)
    secrets = kept_secrets(checkout.secrets)
    return services.postgres(secrets).is_running(), services.valkey(secrets).is_running()


def test_services_answer_on_this_machine_alone_and_to_the_password_alone(
    empty_checkout: Checkout,
) -> None:
    services = LocalServices(empty_checkout)
    found = services.ensure({})

    with connect(found["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        [version] = connection.execute("SHOW server_version_num").fetchall()
        assert version >= ("180000",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(found["DATABASE_URL"].replace("tributary:", "tributary:not-"))
    with redis.from_url(found["REDIS_URL"]) as broker:
        assert broker.config_get("bind") == {"bind": "127.0.0.1"}
    port = found["REDIS_URL"].rpartition(":")[2]
    stranger = redis.from_url(f"redis://127.0.0.1:{port}")
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()

    services.leave()
    assert are_running(empty_checkout) == (False, False)


def test_data_is_as_it_was_after_a_stop(checkout: Checkout) -> None:
    services = LocalServices(checkout)
    first = services.ensure({})
    with connect(first["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with redis.from_url(first["REDIS_URL"]) as broker:
        broker.set("kept", "7")
    services.leave()

    second = services.ensure({})

    assert second == first
    with connect(second["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    with redis.from_url(second["REDIS_URL"]) as broker:
        assert broker.get("kept") == b"7"
    services.leave()


def test_the_last_user_stops_the_services(
    checkout: Checkout, start_user: Callable[[], subprocess.Popen[str]]
) -> None:
    first, second = start_user(), start_user()

    leave(first)
    assert are_running(checkout) == (True, True)

    leave(second)
    assert are_running(checkout) == (False, False)


def test_a_killed_user_leaves_services_that_the_next_one_adopts(
    checkout: Checkout, start_user: Callable[[], subprocess.Popen[str]]
) -> None:
    killed = start_user()
    killed.kill()
    killed.wait()
    assert are_running(checkout) == (True, True)
    postmaster = _postmaster(checkout)

    leave_later = start_user()

    assert _postmaster(checkout) == postmaster
    leave(leave_later)
    assert are_running(checkout) == (False, False)


def test_killed_servers_are_started_again_with_their_data(checkout: Checkout) -> None:
    services = LocalServices(checkout)
    found = services.ensure({})
    with connect(found["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    send(signal.SIGKILL, _postmaster(checkout), int((checkout.valkey / "valkey.pid").read_text()))
    until(lambda: are_running(checkout) == (False, False), "they live on")

    found = services.ensure({})

    with connect(found["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert are_running(checkout) == (True, True)
    services.leave()


def test_a_recorded_pid_that_a_stranger_has_by_now_does_not_stop_the_start(
    checkout: Checkout,
) -> None:
    services = LocalServices(checkout)
    services.ensure({})
    services.leave()
    postgres = services.postgres(kept_secrets(checkout.secrets))
    account = postgres.account
    stranger = subprocess.Popen(["sleep", "1000"], user=account.uid if account else None)
    (postgres.data / "postmaster.pid").write_text(f"{stranger.pid}\n{postgres.data}\n")

    services.ensure({})

    assert are_running(checkout) == (True, True)
    assert stranger.poll() is None
    services.leave()
    stranger.kill()
    stranger.wait()


def test_what_the_environment_names_is_used_and_not_started(empty_checkout: Checkout) -> None:
    given = {
        "DATABASE_URL": "postgres://elsewhere/db",
        "REDIS_URL": "redis://elsewhere",
        "EMAIL_URL": "smtp://elsewhere",
    }
    services = LocalServices(empty_checkout)

    found = services.ensure(given)

    assert sorted(found) == [
        "BASE_URL", "CLICK_KEYS", "DETAILS_KEYS", "LINK_KEYS", "PUBLIC_ID_KEY", "SECRET_KEY",
    ]  # fmt: skip
    assert are_running(empty_checkout) == (False, False)


def test_a_taken_port_is_left_to_whoever_has_it(empty_checkout: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "other")
    other.root.mkdir()
    services, others = LocalServices(empty_checkout), LocalServices(other)
    external = {"DATABASE_URL": "postgres://elsewhere/db"}
    first = services.ensure(external)
    own_folder(other.state)
    shutil.copy(empty_checkout.ports, other.ports)
    shutil.copy(empty_checkout.secrets, other.secrets)

    second = others.ensure(external)

    assert second["REDIS_URL"] != first["REDIS_URL"]
    others.leave()
    with redis.from_url(first["REDIS_URL"]) as broker:
        assert broker.ping() is True
    services.leave()


def test_nothing_outside_our_folders_changes_mode_or_owner(empty_checkout: Checkout) -> None:
    programs = Path(sys.prefix)
    root = empty_checkout.root
    watched = [root, *root.parents, programs, *programs.parents, SHARED_PLACE]
    before = {path: (path.stat().st_mode, path.stat().st_uid) for path in watched}

    old = os.umask(0o077)
    root.chmod(0o700)
    before[root] = (stat.S_IFDIR | 0o700, os.geteuid())
    services = LocalServices(empty_checkout)
    services.ensure({})
    services.leave()
    os.umask(old)

    assert {path: (path.stat().st_mode, path.stat().st_uid) for path in watched} == before


def test_secrets_are_made_once_and_are_their_owners_alone(empty_checkout: Checkout) -> None:
    services = LocalServices(empty_checkout)
    first = services.ensure({}, start=False)
    second = services.ensure({}, start=False)

    assert first == second
    assert stat.S_IMODE(empty_checkout.state.stat().st_mode) == 0o700
    assert stat.S_IMODE(empty_checkout.secrets.stat().st_mode) == 0o600
    kept = kept_secrets(empty_checkout.secrets)
    assert {*kept} == {*NAMES}
    assert len({*kept.values()}) == len(NAMES)
    assert are_running(empty_checkout) == (False, False)


@pytest.mark.parametrize("home", ["/home/a, b/.local/postgres", f"/home/{'long/' * 20}postgres"])
def test_a_path_that_no_socket_can_have_is_avoided(home: str) -> None:
    inside = socket_folder(Path("/home/ana/shop/.local/postgres"), "d1")
    elsewhere = socket_folder(Path(home), "d1")

    assert inside == Path("/home/ana/shop/.local/postgres/socket")
    assert elsewhere == Path(tempfile.gettempdir()) / "tributary-d1"


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o755)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LocalServiceError, match="belongs to somebody else"):
        own_folder(tmp_path / "link")

    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o755


def _postmaster(checkout: Checkout) -> int:
    postgres = LocalServices(checkout).postgres(kept_secrets(checkout.secrets))
    return int((postgres.data / "postmaster.pid").read_text().split()[0])
