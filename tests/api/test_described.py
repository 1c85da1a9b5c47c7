"""The API's document is made once in each process, however many ask for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from api.described import DescribedApi, made_once

ADDRESS = "/api/v1/openapi.json"
PEOPLE = 8


def test_no_later_request_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get(ADDRESS)
    monkeypatch.delattr(DescribedApi, "get_openapi_schema")

    again = Client().get(ADDRESS)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert again["Content-Type"] == "application/json"


def test_who_has_it_is_told_that_it_is_the_same() -> None:
    first = Client().get(ADDRESS)

    same = Client().get(ADDRESS, headers={"If-None-Match": first["ETag"]})
    other = Client().get(ADDRESS, headers={"If-None-Match": '"another"'})

    assert (same.status_code, same.content) == (304, b"")
    assert (other.status_code, other.content) == (200, first.content)
    assert first["Cache-Control"] == "no-cache"


def test_those_who_ask_at_once_have_it_made_once() -> None:
    made: list[HttpRequest] = []
    together = Barrier(PEOPLE)

    def make(request: HttpRequest) -> HttpResponse:
        made.append(request)
        sleep(0.05)
        return HttpResponse(b"{}")

    view = made_once(make)

    def ask(number: int) -> int:
        together.wait()
        return view(RequestFactory().get(ADDRESS)).status_code

    with ThreadPoolExecutor(PEOPLE) as people:
        assert set(people.map(ask, range(PEOPLE))) == {200}

    assert len(made) == 1


def test_one_that_failed_is_made_again() -> None:
    asked: list[HttpRequest] = []

    def make(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        if len(asked) == 1:
            raise ValueError("not now")
        return HttpResponse(b"{}")

    view = made_once(make)
    with pytest.raises(ValueError, match="not now"):
        view(RequestFactory().get(ADDRESS))

    assert view(RequestFactory().get(ADDRESS)).status_code == 200


def test_it_is_only_read() -> None:
    assert Client().post(ADDRESS).status_code == 405
