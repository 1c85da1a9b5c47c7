"""A bounded number inside, a bounded number waiting, and whoever is too many hears so at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.gate import Gate, Places
from config.unavailable import refuse

pytestmark = pytest.mark.usefixtures("kept_connections")

SOON = 60.0  # seconds, on a busy machine


class Inside:
    """A WSGI application that lets nobody out before it is told to."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.release = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.entered.release()
        assert self.release.wait(SOON)
        start_response("200 OK", [])
        return HttpResponse(environ["PATH_INFO"])


def ask(gate: Any, path: str = "/", **environ: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body."""
    said: list[Any] = []
    given = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "wsgi.input": BytesIO(), **environ}
    body = gate(given, lambda *words: said.append(words))
    return said[-1][0], dict(said[-1][1]), b"".join(body)


def gate_of(application: Any, *, number: int = 1, queue: int = 1, seconds: float = SOON) -> Gate:
    places = Places(number, queue=queue, seconds=seconds)
    return Gate(application, refuse=refuse, places=places, streams=1)


@pytest.fixture
def inside() -> Iterator[Inside]:
    application = Inside()
    yield application
    application.release.set()


def in_thread(gate: Gate, path: str, answers: list[str]) -> threading.Thread:
    thread = threading.Thread(target=lambda: answers.append(ask(gate, path)[0]))
    thread.start()
    return thread


def test_who_is_too_many_is_refused_and_who_waited_is_let_in(inside: Inside) -> None:
    gate, answers = gate_of(inside), list[str]()
    first = in_thread(gate, "/first", answers)
    assert inside.entered.acquire(timeout=SOON)
    second = in_thread(gate, "/second", answers)
    until = time.monotonic() + SOON
    while not gate.places._waiting:
        assert time.monotonic() < until

    refused = ask(gate, "/third")
    inside.release.set()
    first.join()
    second.join()

    assert refused[0].startswith("503")
    assert refused[1]["Retry-After"] == "2"
    assert answers == ["200 OK", "200 OK"]
    assert ask(gate, "/fourth")[0] == "200 OK"


def test_nobody_waits_longer_than_stated(inside: Inside) -> None:
    gate, answers = gate_of(inside, seconds=0.05), list[str]()
    first = in_thread(gate, "/first", answers)
    assert inside.entered.acquire(timeout=SOON)

    assert ask(gate, "/second")[0].startswith("503")

    inside.release.set()
    first.join()
    assert ask(gate, "/third")[0] == "200 OK"


def test_a_failing_application_gives_its_place_back() -> None:
    def fail(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise RuntimeError("a defect")

    gate = gate_of(fail, queue=0)

    for _ in range(3):
        with pytest.raises(RuntimeError):
            ask(gate)


def test_downloads_never_take_all_places() -> None:
    def stream(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return StreamingHttpResponse(iter([b"one", b"two"]))

    gate = gate_of(stream, number=2, queue=0)
    begun = gate({"PATH_INFO": "/a", "REQUEST_METHOD": "GET"}, lambda *_: None)

    refused = ask(gate, "/b")
    begun.close()  # type: ignore[attr-defined]

    assert refused[0].startswith("503")
    assert ask(gate, "/c")[2] == b"onetwo"


def test_programs_are_refused_in_json_and_readers_in_their_language() -> None:
    api = ask(refuse, "/api/v1/orders", REQUEST_METHOD="POST")
    page = ask(refuse, "/portal/", HTTP_ACCEPT_LANGUAGE="de-AT")
    form = ask(refuse, "/portal/", REQUEST_METHOD="POST")

    assert api[1]["Content-Type"] == "application/problem+json"
    assert b"Nothing of this request was recorded. It is safe to send it again." in api[2]
    assert "Bitte versuche es gleich noch einmal" in page[2].decode()
    assert b"Nothing of what you sent was saved" in form[2]
    assert {answer[1]["Cache-Control"] for answer in (api, page, form)} == {"no-store"}
