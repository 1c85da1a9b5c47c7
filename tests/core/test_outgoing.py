"""Calls to other servers: bounded in time and size, and never into a private network."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from ipaddress import ip_address

import httpx
import pytest
from django.test import override_settings

from core import outgoing
from core.outgoing import (
    Answer,
    Caller,
    ForbiddenAddressError,
    NoAnswerError,
    UnreachableError,
    addresses_of,
    calls_within,
    http_time,
    is_public,
    seconds_left,
    stand_in_for,
)
from tests.integrations.stand_in import Fault, Reply, Sent, StandIn


class Echo(StandIn):
    """Answers with what it was asked."""

    def answer(self, sent: Sent) -> Reply:
        return Reply.of({"method": sent.method, "path": sent.path, "body": sent.body.decode()})


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo().running() as server:
        yield server


def test_a_call_brings_status_headers_and_body(echo: Echo) -> None:
    with Caller() as caller:
        answer = caller.send("POST", f"{echo.address}/orders", json={"a": 1}, auth=("key", "word"))
    assert answer.status == 200
    assert answer.headers["CONTENT-TYPE"] == "application/json"
    assert answer.json() == {"method": "POST", "path": "/orders", "body": '{"a":1}'}
    assert echo.requests[0].headers["authorization"].startswith("Basic ")


def test_a_redirect_is_an_answer_and_not_followed(echo: Echo) -> None:
    echo.faults.append(Fault(Reply(302, b"", {"location": f"{echo.address}/elsewhere"})))
    with Caller() as caller:
        assert caller.send("GET", echo.address).status == 302
    assert len(echo.requests) == 1


@pytest.mark.parametrize("fault", [Fault(stalls=True), Fault(drips=True)])
def test_a_call_ends_in_time(fault: Fault, echo: Echo) -> None:
    echo.faults.append(fault)
    begun = time.monotonic()
    with Caller(seconds=0.3) as caller, pytest.raises(NoAnswerError, match=r"within 0\.3 seconds"):
        caller.send("GET", echo.address)
    assert time.monotonic() - begun < 5


def test_several_calls_end_in_one_time_together(echo: Echo) -> None:
    echo.faults.append(Fault(drips=True))
    begun = time.monotonic()
    with calls_within(0.3), Caller(seconds=60) as caller:
        with pytest.raises(NoAnswerError, match="did not answer"):
            caller.send("GET", echo.address)
        assert seconds_left() <= 0
        with pytest.raises(UnreachableError, match="did not answer in time"):
            caller.send("GET", echo.address)
    assert time.monotonic() - begun < 5
    assert len(echo.requests) == 1
    with Caller() as caller:
        assert caller.send("GET", echo.address).status == 200


def test_an_endless_answer_is_cut_off(echo: Echo) -> None:
    echo.faults.append(Fault(is_endless=True))
    with Caller(max_bytes=100_000) as caller, pytest.raises(NoAnswerError, match="more than"):
        caller.send("GET", echo.address)


def test_a_packed_answer_counts_by_its_contents(echo: Echo) -> None:
    packed = Reply(200, gzip.compress(b" " * 1_000_000), {"content-encoding": "gzip"})
    echo.faults.append(Fault(packed))
    with Caller(max_bytes=100_000) as caller, pytest.raises(NoAnswerError, match="more than"):
        caller.send("GET", echo.address)


@pytest.mark.parametrize("packing", ["gzip, gzip", "br", "deflate", "zstd"])
def test_a_packing_that_was_not_asked_for_is_not_unpacked(packing: str, echo: Echo) -> None:
    twice = gzip.compress(gzip.compress(b" " * 1_000_000))
    echo.faults.append(Fault(Reply(200, twice, {"content-encoding": packing})))
    with Caller() as caller, pytest.raises(NoAnswerError, match="did not ask for"):
        caller.send("GET", echo.address)
    assert echo.requests[0].headers["accept-encoding"] == "gzip"


def test_a_few_bytes_that_hold_very_much_take_no_memory(echo: Echo) -> None:
    packed = gzip.compress(bytes(90_000_000))
    echo.faults.append(Fault(Reply(200, packed, {"content-encoding": "gzip"})))
    tracemalloc.start()
    try:
        with Caller(max_bytes=100_000) as caller, pytest.raises(NoAnswerError, match="more than"):
            caller.send("GET", echo.address)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
def test_a_packed_answer_that_can_be_read_is_whole(size: int, echo: Echo) -> None:
    packed = Reply(200, gzip.compress(bytes(size)), {"content-encoding": "gzip"})
    echo.faults.append(Fault(packed))
    with Caller(max_bytes=100_000) as caller:
        assert caller.send("GET", echo.address).body == bytes(size)


def test_json_that_is_nested_too_deeply_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match="with JSON"):
        Answer(200, httpx.Headers(), b"[" * 200_000).json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "Mon, 99 Jan 2024 00:00:00 GMT",
        f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT",
        f"Mon, 01 Jan 2024 00:00:00 +{'9' * 30}",
    ],
)
def test_a_header_without_a_time(text: str) -> None:
    assert http_time(text) is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
def test_a_header_with_a_time(zone: str) -> None:
    assert http_time(f"Mon, 02 Nov 2026 10:00:00 {zone}") == datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_the_next_call_has_its_own_time(echo: Echo) -> None:
    with Caller(seconds=0.5) as caller:
        for _ in range(3):
            assert caller.send("GET", echo.address).status == 200
            time.sleep(0.25)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(drops=True), "broke the connection"),
        (Fault(Reply(200, b"<html>")), "did not answer with JSON"),
        (Fault(Reply(200, b"\xff")), "did not answer with JSON"),
    ],
)
def test_what_is_no_answer_is_said(fault: Fault, said: str, echo: Echo) -> None:
    echo.faults.append(fault)
    with Caller() as caller, pytest.raises(NoAnswerError, match=said):
        caller.send("GET", echo.address).json()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1/", "can't be reached"),
        ("http://nobody.invalid/", "the name of its host is not known"),
    ],
)
def test_who_can_not_be_reached_has_taken_nothing(address: str, said: str) -> None:
    with Caller() as caller, pytest.raises(UnreachableError, match=said):
        caller.send("GET", address)


def test_who_takes_no_connection_in_time_has_taken_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as others:
        for _ in range(3):  # more than it keeps: the next one waits
            waiting = others.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with Caller() as caller, pytest.raises(UnreachableError):
            caller.send("GET", f"http://127.0.0.1:{full.getsockname()[1]}/")


@pytest.mark.parametrize(
    "url",
    ["http:///", "http://[::1", "nonsense", "ftp://127.0.0.1/", "http://a..b/", "http://\x00/"],
)
def test_what_is_no_address_of_a_server(url: str) -> None:
    with Caller() as caller, pytest.raises(NoAnswerError):
        caller.send("GET", url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:7f00:1::",
        "::127.0.0.1", "::a9fe:a9fe", "::ffff:0:127.0.0.1", "64:ff9b:1::a00:1", "fec0::1",
        "5f00::1",
    ],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


def test_only_local_mode_calls_this_machine(echo: Echo) -> None:
    with override_settings(LOCAL=False), Caller() as caller:
        with pytest.raises(ForbiddenAddressError):
            caller.send("GET", echo.address)
        with pytest.raises(ForbiddenAddressError):
            caller.send("GET", f"http://localhost:{echo.port}/")
    assert echo.requests == []


def test_a_name_that_leads_to_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["93.184.216.34", "10.0.0.7"]
    monkeypatch.setattr(
        "core.outgoing._resolved", lambda host: [ip_address(one) for one in answers]
    )
    with pytest.raises(ForbiddenAddressError):
        addresses_of("shop.example.com")
    with Caller() as caller, pytest.raises(ForbiddenAddressError):
        caller.send("GET", "http://shop.example.com/")


def test_the_connection_goes_to_the_address_that_was_checked(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere when it is asked again has no second chance."""
    asked: list[str] = []

    def resolved(host: str) -> list[object]:
        asked.append(host)
        return [ip_address("127.0.0.1")]

    monkeypatch.setattr("core.outgoing._resolved", resolved)
    with Caller() as caller:
        answer = caller.send("GET", f"http://shop.example.com:{echo.port}/")
    assert answer.status == 200
    assert asked == ["shop.example.com"]
    assert echo.requests[0].headers["host"] == f"shop.example.com:{echo.port}"


@pytest.mark.parametrize("name", ["api.stripe.com", "*.stripe.com"])
def test_a_shop_has_a_stand_in_on_this_machine(echo: Echo, name: str) -> None:
    with override_settings(STAND_INS={name: f"127.0.0.1:{echo.port}"}), Caller() as caller:
        answer = caller.send("GET", "https://api.stripe.com/v1/events?limit=1")

    assert answer.json()["path"] == "/v1/events"
    assert echo.requests[0].headers["host"] == "api.stripe.com"
    assert echo.requests[0].query == {"limit": ["1"]}


def test_outside_of_local_mode_no_shop_has_a_stand_in(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the setting was made: the shop itself is looked up."""
    asked: list[str] = []

    def resolved(host: str) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr("core.outgoing._resolved", resolved)
    said = {"api.stripe.com": f"127.0.0.1:{echo.port}"}
    with (
        override_settings(LOCAL=False, STAND_INS=said),
        Caller() as caller,
        pytest.raises(NoAnswerError, match="has no address"),
    ):
        caller.send("GET", "https://api.stripe.com/v1/events")

    assert asked == ["api.stripe.com"]
    assert echo.requests == []


@pytest.mark.parametrize("where", ["10.0.0.1:80", "example.com:80", "127.0.0.1.example.com:80"])
def test_a_stand_in_is_on_this_machine(where: str) -> None:
    with (
        override_settings(STAND_INS={"shop.example.com": where}),
        Caller() as caller,
        pytest.raises(ForbiddenAddressError),
    ):
        caller.send("GET", "https://shop.example.com/")


def test_other_hosts_have_no_stand_in(echo: Echo) -> None:
    said = {"*.myshopify.com": f"127.0.0.1:{echo.port}"}
    with override_settings(STAND_INS=said):
        assert stand_in_for("https://glow.myshopify.com/x") is not None
        for url in ("https://myshopify.com/", "https://a.b.myshopify.com/", "https://[::1"):
            assert stand_in_for(url) is None


def test_the_certificates_are_read_once(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take 40 ms, several times what a call takes."""
    with Caller() as caller:
        caller.send("GET", echo.address)
    monkeypatch.delattr("ssl.create_default_context")
    with Caller() as caller:
        assert caller.send("GET", echo.address).status == 200
