"""`make dev`: a saved change is on the next page, and a page about an error opens only here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from django.utils.autoreload import StatReloader

from config.local import serving
from config.local.folders import CHECKOUT
from config.local.loopback import only_from_this_machine
from config.local.ports import HOST
from config.local.run import commands
from config.local.serving import Reloader, Requests, compile_text
from config.local.supervisor import ForegroundChild, Output
from tests.databases import Databases
from tests.forked import COMPLETE, Load
from tests.local.test_run import NOT_COPIED
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.ports import own_port

HERE = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000"}


def status_for(**environ: str) -> str:
    """What the guarded application answers."""
    answered: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return []

    def start_response(status: str, headers: Any) -> None:
        answered.append(status)

    only_from_this_machine(application)(dict(environ), start_response)
    return answered[0]


@pytest.mark.parametrize(
    "environ",
    [HERE, {**HERE, "HTTP_HOST": "localhost:8000"},
     {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"}],
)  # fmt: skip
def test_a_browser_on_this_machine_is_let_in(environ: dict[str, str]) -> None:
    assert status_for(**environ) == "200 OK"


@pytest.mark.parametrize(
    "environ",
    [
        {**HERE, "REMOTE_ADDR": "192.168.1.20"},
        {**HERE, "REMOTE_ADDR": ""},
        {**HERE, "HTTP_HOST": "tributary.example"},
        {**HERE, "HTTP_HOST": "127.0.0.1.rebound.example:8000"},
        {**HERE, "HTTP_HOST": ""},
        {**HERE, "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {**HERE, "HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_nobody_else_is_let_in(environ: dict[str, str]) -> None:
    assert status_for(**environ) == "403 Forbidden"


def test_production_never_shows_a_page_about_an_error(load: Load) -> None:
    asked = {**COMPLETE, "TRIBUTARY_DEV": "1", "DEBUG": "1"}

    loaded = load(asked, "print(settings.DEBUG)")

    assert loaded.stdout == "False\n"


def test_make_dev_has_such_pages_behind_the_guard(load: Load) -> None:
    asked = {**COMPLETE, "TRIBUTARY_MODE": "local", "TRIBUTARY_DEV": "1"}

    loaded = load(
        asked,
        "from config.wsgi import application; print(settings.DEBUG, application.__qualname__)",
    )

    assert loaded.stdout == "True only_from_this_machine.<locals>.let_in\n"


def test_make_run_reloads_nothing() -> None:
    run = commands(port=8000, environment={}, reloads=False)
    dev = commands(port=8000, environment={}, reloads=True)

    assert {name for name in run if run[name] != dev[name]} == {"web", "worker", "store-clicks"}
    assert "config.web" in run["web"]


def test_a_changed_translation_is_compiled(tmp_path: Path) -> None:
    place = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    place.parent.mkdir(parents=True)
    place.write_text('msgid "Paid"\nmsgstr "Ausgezahlt"\n')

    assert compile_text(place) is True
    assert b"Ausgezahlt" in place.with_suffix(".mo").read_bytes()
    assert compile_text(CHECKOUT.root / "manage.py") is False


def test_a_translation_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    place.parent.mkdir(parents=True)
    place.write_bytes(b'msgid "Paid"\nmsgstr "\xff"\n')

    assert compile_text(place) is True
    assert "is not compiled" in capsys.readouterr().err


def test_a_change_is_read_between_two_requests() -> None:
    requests, events = Requests(), list[str]()
    compiles, may_end = threading.Event(), threading.Event()

    def page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        compiles.set()
        assert may_end.wait(60)
        events.append("page with the old text")
        return []

    def change() -> None:
        with requests.none_running():
            events.append("new text")

    threads = [
        threading.Thread(target=requests.counted(page), args=({}, None)),
        threading.Thread(target=change),
    ]
    threads[0].start()
    assert compiles.wait(60)
    threads[1].start()
    threads[1].join(0.1)
    may_end.set()
    for thread in threads:
        thread.join()

    assert events == ["page with the old text", "new text"]
    assert requests.running == 0


def test_a_text_is_read_again_after_a_request_that_outlasted_its_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests, read = Requests(), list[Path]()
    monkeypatch.setattr(requests, "DEBUGGER_SECONDS", 0)
    monkeypatch.setattr(serving, "requests", requests)
    monkeypatch.setattr(
        StatReloader, "notify_file_changed", lambda self, path: read.append(Path(path))
    )
    monkeypatch.setattr(Reloader, "SLEEP_TIME", 0)
    text, saved_at = tmp_path / "login.html", time.time()
    reloader = Reloader()
    monkeypatch.setattr(reloader, "snapshot_files", lambda: [(text, saved_at)])
    polls = reloader.tick()

    requests.running = 1  # for longer than anybody waits
    next(polls)
    requests.running = 0
    next(polls)
    next(polls)

    assert read == [text, text]


class Served:
    """A copy of the code behind the web process of `make dev`, on the database of the tests."""

    def __init__(self, root: Path, database: str) -> None:
        self.root, self.port = root, own_port()
        address = os.environ["DATABASE_URL"].rpartition("/")[0]
        environment = {
            **os.environ,
            "DATABASE_URL": f"{address}/{database}",
            "BASE_URL": f"http://{HOST}:{self.port}",
        }
        environment.pop("TRIBUTARY_PROCESS", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.local.reloading", str(self.port)],
            cwd=root, env=environment,
        )  # fmt: skip

    def read(self, path: str) -> str:
        """The page in German, as soon as there is one."""
        pages = list[str]()

        def is_there() -> bool:
            status, page = self.get(path)
            pages.append(page)
            return status == 200

        until(is_there, f"no page {path}")
        return pages[-1]

    def get(self, path: str) -> tuple[int, str]:
        """Status and body in German; 0 while nobody answers, or when the answer breaks off."""
        asked = urllib.request.Request(
            f"http://{HOST}:{self.port}{path}", headers={"Accept-Language": "de"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=MAX_WAIT_SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except (OSError, HTTPException):
            return 0, ""

    def edit(self, name: str, old: str, new: str) -> None:
        place = self.root / name
        before = place.read_text()
        assert old in before
        place.write_text(before.replace(old, new, 1))


@pytest.fixture
def served(tmp_path: Path, databases: Databases) -> Iterator[Served]:
    root = tmp_path / "copy"
    shutil.copytree(CHECKOUT.root, root, ignore=NOT_COPIED)
    served = Served(root, databases.empty)
    until(lambda: served.get("/healthz")[0] == 200, "it does not start")
    yield served
    served.process.terminate()
    served.process.wait(timeout=MAX_WAIT_SECONDS)


def test_a_saved_change_is_on_the_next_page(served: Served) -> None:
    login, template = "/portal/login/", "templates/portal/creator/login.html"
    took: dict[str, float] = {}
    assert "edited-" not in served.read(login)

    def measure(name: str, old: str, new: str, *, path: str = login) -> None:
        served.edit(name, old, new)
        took[name] = until(lambda: "edited-" in served.read(path), f"{name} is not read again")
        served.edit(name, new, old)
        until(lambda: "edited-" not in served.read(path), f"{name} is not read once more")

    measure(template, "<h1>", "<h1>edited-template ")
    measure(
        "locale/de/LC_MESSAGES/django.po",
        'msgid "Log in"\nmsgstr "Anmelden"',
        'msgid "Log in"\nmsgstr "edited-translation"',
    )
    style = stylesheet_of(served.read(login))
    measure("static/css/base.css", "body {", "body { --edited-style: 1;", path=style)
    front, broken = (
        'path("", views.front_door',
        'path("fails/", lambda request: {}["edited-python"])',
    )
    served.edit("config/urls.py", front, f"{broken},\n    {front}")
    answers = [(0, "")]

    def fails() -> bool:
        answers.append(served.get("/fails/"))
        return answers[-1][0] == 500

    until(fails, "it is not restarted")
    page = answers[-1][1]
    assert "Traceback" in page
    assert "edited-python" in page

    served.edit("config/urls.py", "fails/", "fails-again/")
    took["config/urls.py"] = until(
        lambda: served.get("/fails-again/")[0] == 500, "it is not restarted once more"
    )
    sys.stdout.write(f"seconds: { {name: round(took[name], 2) for name in took} }\n")


def stylesheet_of(page: str) -> str:
    """The address of a page's own stylesheet."""
    [address] = re.findall(r'href="(/assets/[^"]*portal[^"]*)"', page)
    return address


def test_the_web_process_is_at_the_terminal_for_a_debugger(tmp_path: Path) -> None:
    record, told = tmp_path / "web", tmp_path / "group"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpgrp())); time.sleep(60)"
    child = ForegroundChild(
        "web", [sys.executable, "-c", code],
        environment=os.environ, folder=tmp_path, pid_file=record,
        output=Output(sys.stdout, ["web"]),
    )  # fmt: skip

    child.start()
    until(lambda: told.exists() and told.read_text() != "", "it does not start")
    group = int(told.read_text())
    child.finish()

    assert group == os.getpgrp()
    assert (child.is_running(), record.exists()) == (False, False)
