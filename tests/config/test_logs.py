"""What a log line holds, and what it never holds: through the product's own handler."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from accounts.models import User
from config import celery, request_log
from config.logs import configuration, log_uncaught
from config.unavailable import refuse
from core.log_context import begin, facts
from core.tenancy import across_brands, acting_for
from tests.cast import Cast
from tests.config.lines import KEY, SECRET, Lines, lines, ours, through

__all__ = ["lines"]


def fail(password: str) -> None:
    """Fail for a reason, with secrets in local variables and in the messages."""
    held = f"local {password}"
    try:
        raise LookupError(f"no page at /d/{SECRET}?token={SECRET}")
    except LookupError as error:
        raise RuntimeError(f"Authorization: Bearer {KEY}\nof {len(held)}") from error


# --- The stack


def test_an_exception_keeps_its_stack_and_its_cause(lines: Lines) -> None:
    try:
        fail(SECRET)
    except RuntimeError:
        logging.getLogger("tests").exception("it failed")

    line = lines.only
    assert (line["event"], line["level"], line["logger"]) == ("it failed", "error", "tests")
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert "LookupError: no page at /d/[redacted]?token=[redacted]" in line["exception"]
    assert "The above exception was the direct cause" in line["exception"]
    assert "in fail\n" in line["exception"]
    assert "RuntimeError: Authorization: [redacted]\nof " in line["exception"]


def test_in_local_mode_people_can_read_it(lines: Lines) -> None:
    through(configuration(level="WARNING", as_json=False, access=True), lines)
    begin(request_id="r1")

    try:
        fail(SECRET)
    except RuntimeError:
        logging.getLogger("tests").exception("it failed\n12:00:00 INFO forged line")

    first, second, *rest = lines.text.splitlines()
    assert first.endswith(r"ERROR tests it failed\n12:00:00 INFO forged line request_id=r1")
    assert second == "Traceback (most recent call last):"
    assert any("in fail" in line for line in rest)


# --- Lines that nothing can break


def test_nobody_can_write_a_second_line(lines: Lines) -> None:
    forged = 'x\r\n{"level": "critical", "event": "forged"}\u2028\x1b[2K'

    logging.getLogger("tests").warning("%s", forged, extra={"name\n": forged, "given": forged})

    assert len(lines.text.splitlines()) == 1
    assert lines.only["given"] == forged


def test_values_that_are_no_text(lines: Lines) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    logger = logging.getLogger("tests")

    logger.warning({"a": 1}, extra={"bytes": b"\xff", "keys": {("a",): 1}, "nothing": None})
    # These two go to our handler alone: pytest can neither pass the first on nor format the second.
    lone = logging.LogRecord("x", 30, "", 1, "lone \ud800 surrogate", (), None)
    lone.__dict__ |= {"object": object(), "circle": 5, "real": 1.5}
    ours(lines).handle(lone)
    wrong = logging.LogRecord("x", 30, "", 1, "wrong %d arguments", (f"/d/{SECRET}",), None)
    ours(lines).handle(wrong)

    assert len(lines.all) == 3
    assert lines.all[0]["nothing"] is None
    assert "could not be formatted" in lines.all[2]["event"]
    assert SECRET not in lines.text


def test_a_foreign_host_is_one_line(lines: Lines, client: Client) -> None:
    assert client.get("/account/login/", headers={"host": "evil.example"}).status_code == 400

    assert (lines.only["logger"], lines.only["status"]) == ("access", 400)


# --- Whose line it is


def test_a_line_says_which_brand(lines: Lines, cast: Cast) -> None:
    logger = logging.getLogger("tests")

    with acting_for(cast.juniper):
        logger.warning("inside")
        with across_brands(reason="a test"):
            logger.warning("over all")
    logger.warning("outside")
    with acting_for(cast.juniper.pk):
        logger.warning("by id")

    brands = [(line.get("brand"), line.get("brand_id")) for line in lines.all]
    assert brands == [
        (cast.juniper.slug, cast.juniper.pk),
        (cast.juniper.slug, cast.juniper.pk),
        (None, None),
        (None, cast.juniper.pk),
    ]


def test_an_error_is_logged_with_the_brand_it_came_from(lines: Lines, cast: Cast) -> None:
    try:
        with acting_for(cast.juniper):
            raise ValueError("inside")
    except ValueError:
        logging.getLogger("tests").exception("caught outside")

    assert lines.only["brand"] == cast.juniper.slug


def break_inside(request: Any, token: str) -> NoReturn:
    """A view that fails in a brand, after it looked who is logged in."""
    with acting_for(request.user.brand_for_the_test):
        raise RuntimeError(f"{request.user.pk} /d/{SECRET}")


urlpatterns = [path("d/<str:token>", break_inside)]


@pytest.mark.django_db
def test_a_view_that_fails_leaves_its_stack_request_brand_and_user(
    lines: Lines, cast: Cast, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    user = cast.ines
    monkeypatch.setattr(User, "brand_for_the_test", cast.juniper, raising=False)
    client.force_login(user)
    client.raise_request_exception = False

    with override_settings(ROOT_URLCONF=__name__):
        answer = client.get(f"/d/{SECRET}?token={SECRET}", headers={"X-Request-Id": "theirs"})

    failed, access = [line for line in lines.all if line["logger"] in {"django.request", "access"}]
    assert answer.status_code == 500
    assert "in break_inside" in failed["exception"]
    assert "RuntimeError" in failed["exception"]
    assert len(answer["X-Request-Id"]) == 32
    for line in (failed, access):
        assert line["request_id"] == answer["X-Request-Id"]
        assert line["brand"] == cast.juniper.slug
        assert line["user_id"] == user.pk
    assert (access["method"], access["path"], access["status"]) == ("GET", "/d/[redacted]", 500)
    assert access["client"] == "127.0.0.1"
    assert SECRET not in lines.text


@pytest.mark.django_db
def test_each_request_has_an_id_of_its_own(lines: Lines, client: Client) -> None:
    answers = [client.get("/healthz", headers={"X-Request-Id": "same"}) for _ in range(2)]

    logged = [line["request_id"] for line in lines.all if line["logger"] == "access"]
    assert logged == [answer[request_log.HEADER] for answer in answers]
    assert len({*logged, "same"}) == 3


def test_who_is_refused_at_the_gate_has_an_id_and_a_line(lines: Lines) -> None:
    said: list[Any] = []
    environ = RequestFactory().post(f"/d/{SECRET}").environ

    body = b"".join(refuse(environ, lambda *words: said.append(words)))

    headers = dict(said[0][1])
    assert headers["Content-Length"] == str(len(body))
    assert lines.only["request_id"] == headers[request_log.HEADER]
    assert (lines.only["method"], lines.only["path"]) == ("POST", "/d/[redacted]")
    assert (lines.only["status"], lines.only["client"]) == (503, "127.0.0.1")


def test_the_access_log_can_be_off(lines: Lines, client: Client) -> None:
    through(configuration(level="WARNING", as_json=True, access=False), lines)

    client.get("/healthz")

    assert lines.text == ""


# --- Every process, every logger


@pytest.mark.parametrize("name", ["django.request", "django.server", "_granian", "granian.access"])
def test_loggers_of_libraries_write_through_ours_alone(name: str, lines: Lines) -> None:
    logging.getLogger(name).addHandler(logging.StreamHandler(lines))
    through(configuration(level="WARNING", as_json=True, access=True), lines)

    logging.getLogger(name).error("GET %s", f"/account/password/reset/key/3-{SECRET}/")

    assert lines.only["event"] == "GET /account/password/reset/key/[redacted]/"


def test_security_events_are_written_whatever_the_level(lines: Lines) -> None:
    through(configuration(level="CRITICAL", as_json=True, access=False), lines)

    logging.getLogger("security").info("login.failed", extra={"reason": "wrong password"})

    line = lines.only
    assert (line["event"], line["level"]) == ("login.failed", "info")
    assert line["reason"] == "wrong password"


workers = celery.RequestIdCelery("tests", task_cls=celery.LoggedTask, set_as_current=False)


@workers.task(name="tests.logged_task", ignore_result=True, shared=False)
def logged_task(fails: bool) -> None:
    logging.getLogger("tests").warning("working")
    if fails:
        raise ValueError(f"/d/{SECRET}")


def traced(fails: bool, **request: Any) -> None:
    """Run the task as a worker does."""
    from celery.app.trace import build_tracer

    task = workers.tasks["tests.logged_task"]
    tracer = build_tracer(task.name, task, app=workers)
    tracer("task-1", [], {"fails": fails}, {"id": "task-1", "is_eager": False, **request})


def test_a_task_says_which_it_is_and_who_asked(lines: Lines) -> None:
    traced(False, headers={"request_id": "r1"})

    line = lines.only
    assert (line["task"], line["task_id"]) == ("tests.logged_task", "task-1")
    assert line["request_id"] == "r1"
    assert facts() == {}


def test_a_task_that_fails_leaves_its_stack(lines: Lines) -> None:
    traced(True, headers={"request_id": "r1"})

    failed = lines.all[-1]
    assert failed["logger"] == "celery.app.trace"
    assert "in logged_task" in failed["exception"]
    assert (failed["task"], failed["request_id"]) == ("tests.logged_task", "r1")
    assert SECRET not in lines.text


def test_a_request_sends_its_id_along(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    parent: Callable[..., Any] = lambda self, name, *args, **options: sent.append(options)  # noqa: E731
    monkeypatch.setattr("celery.Celery.send_task", parent)

    begin(request_id="r1")
    celery.app.send_task("tests.logged_task", headers={"other": 1})
    begin()
    celery.app.send_task("tests.logged_task")

    assert sent == [{"headers": {"other": 1, "request_id": "r1"}}, {}]


def test_celery_adds_no_handler_of_its_own() -> None:
    before = list(logging.getLogger().handlers)

    celery.app.log.setup(loglevel=logging.DEBUG, redirect_stdouts=False)

    assert logging.getLogger().handlers == before
    for name in ("celery", "celery.task", "celery.redirected", "multiprocessing"):
        kinds = {type(handler) for handler in logging.getLogger(name).handlers}
        assert kinds <= {logging.NullHandler}, name


def test_what_ends_a_process_or_a_thread_is_logged(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    import threading

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log_uncaught()

    try:
        fail(SECRET)
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail, args=(SECRET,))
    thread.start()
    thread.join()

    assert [line["logger"] for line in lines.all] == ["uncaught", "uncaught"]
    assert all("in fail" in line["exception"] for line in lines.all)
    assert SECRET not in lines.text
