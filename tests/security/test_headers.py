"""No header says who a client is or that it came by TLS, unless a proxy of ours sent it.

Against a real granian, with requests as they are on the wire: every such header in every spelling.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from config.forwarding import (
    FORWARDING_HEADERS,
    FORWARDING_PREFIX,
    MAX_PROXIES_IN_A_ROW,
    parse_networks,
    port_of,
    trust_proxies,
)
from core.clients import network_for_limits, network_of
from portal.dashboard import misses
from tests.security.served import NAME, PROXY, STRANGER, Answer, ask, collect_static_files, granian

FORGED = "203.0.113.66"
CLIENT = "198.51.100.7"


def as_sent(key: str) -> str:
    """The header that WSGI calls `key`."""
    return key.removeprefix("HTTP_").replace("_", "-").title()


def spellings(name: str) -> list[str]:
    """`name` as it is, and in every way that WSGI takes for it."""
    first, hyphen, rest = name.partition("-")
    found = [name, name.upper(), name.lower()]
    if hyphen:
        found += [name.replace("-", "_"), f"{first}_{rest}", name.lower().replace("-", "_")]
    return found


FORWARDED = [f"X-Forwarded-{end}" for end in ("For", "Proto", "Host", "Port", "Prefix", "Ssl")]
NAMES = sorted({*map(as_sent, FORWARDING_HEADERS), *FORWARDED, "X-Forwarded", "X-Forwarded-By"})
SPELT = [spelt for name in NAMES for spelt in spellings(name)]


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    collect_static_files()  # config.asgi makes its pages of refusal when it is imported
    with granian("tests.security.echo:application") as port:
        yield port


# --- What Django is shown


@pytest.mark.parametrize("value", [FORGED, "https", "evil.example"])
def test_a_stranger_can_claim_nothing(echo: int, value: str) -> None:
    plain = ask(echo).shown

    for name in SPELT:
        assert ask(echo, headers=[f"{name}: {value}"]).shown == plain, name
    assert (plain["REMOTE_ADDR"], plain["wsgi.url_scheme"]) == (STRANGER, "http")


def test_a_client_of_a_proxy_can_claim_nothing(echo: int) -> None:
    """The proxy passes on whatever its client sent, before its own headers or after them."""
    own = [f"X-Forwarded-For: {CLIENT}", "X-Forwarded-Proto: http"]
    plain = ask(echo, headers=own, peer=PROXY).shown
    assert (plain["REMOTE_ADDR"], plain["wsgi.url_scheme"]) == (CLIENT, "http")

    for name in SPELT:
        if name.lower() not in {"x-forwarded-for", "x-forwarded-proto"}:
            forged = f"{name}: {FORGED}"
            for lines in ([forged, *own], [*own, forged]):
                assert ask(echo, headers=lines, peer=PROXY).shown == plain, lines


@pytest.mark.parametrize("proto", ["https", "HTTPS", "http, https"])
def test_a_proxy_is_believed(echo: int, proto: str) -> None:
    headers = [f"X-Forwarded-For: {FORGED}, {CLIENT}", f"X-Forwarded-Proto: {proto}"]

    shown = ask(echo, headers=headers, peer=PROXY).shown

    assert (shown["REMOTE_ADDR"], shown["wsgi.url_scheme"]) == (CLIENT, "https")
    assert not [
        name for name in shown if name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIX)
    ]


def test_what_a_client_adds_stands_left_of_what_the_proxy_adds(echo: int) -> None:
    many = [f"X-Forwarded-For: {FORGED}"] * 60
    huge = [f"X-Forwarded-For: {', '.join([FORGED] * 15_000)}"]
    proxies = [f"X-Forwarded-For: {FORGED}{', 127.0.0.2' * (MAX_PROXIES_IN_A_ROW + 5)}"]
    own = f"X-Forwarded-For: {CLIENT}"

    assert ask(echo, headers=[*many, own], peer=PROXY).shown["REMOTE_ADDR"] == CLIENT
    assert ask(echo, headers=[*huge, own], peer=PROXY).shown["REMOTE_ADDR"] == CLIENT
    assert ask(echo, headers=proxies, peer=PROXY).shown["REMOTE_ADDR"] == PROXY


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Cookie", "Idempotency_Key", "Content_Type", "Content_Length", "X_Csrftoken"],
)
def test_a_header_with_underscores_reaches_nothing(echo: int, name: str) -> None:
    plain, key = ask(echo).shown, f"HTTP_{name.upper()}"

    shown = ask(echo, headers=[f"{name}: 5"]).shown

    assert (shown == plain) is ("_" in name)
    assert (key in shown) is ("_" not in name)


def test_no_secret_of_the_process_is_part_of_a_request(echo: int) -> None:
    shown = ask(echo).shown

    assert not set(shown) & set(os.environ)
    assert os.environ["SECRET_KEY"] not in shown.values()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        (NAME, NAME),
        (f"{NAME}:443", f"{NAME}:443"),
        (f"{NAME}:8443", NAME),
        (f"{NAME}:evil", NAME),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("[2001:db8::1]:81", "[2001:db8::1]"),
    ],
)
def test_only_the_public_port_is_a_port_of_ours(echo: int, host: str, shown: str) -> None:
    assert ask(echo, host=host).shown["HTTP_HOST"] == shown


def test_a_body_arrives_whole_and_a_huge_one_is_refused(echo: int) -> None:
    assert ask(echo, method="POST", body=b"x" * 900_000).shown["CONTENT_LENGTH"] == "900000"
    refused = ask(echo, headers=["Content-Length: 99999999999"], method="POST")
    assert refused.status == 413


@pytest.mark.parametrize("body", [["no length"], ["3", "abc", "no length"]])
def test_a_body_that_breaks_the_rules_is_refused(echo: int, body: list[str]) -> None:
    chunked = ["Transfer-Encoding: chunked", "", *body]
    assert ask(echo, headers=chunked, method="POST").status == 400


# --- What the product makes of it


@pytest.fixture
def product(transactional_db: None) -> Iterator[int]:
    """The product in production mode, on the test's database."""
    address, mark, options = os.environ["DATABASE_URL"].partition("?")
    database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{options}"
    collect_static_files()
    with granian("config.asgi:application", DATABASE_URL=database) as port:
        yield port


PAGES = ["/account/login/", "/portal/login/", "/api/v1/orders", "/r/none", "/d/none", "/platform/"]


def redirects_to_tls(answer: Answer, path: str) -> bool:
    return (answer.status, answer.headers.get("location")) == (301, f"https://{NAME}{path}")


def test_the_product_believes_its_proxy_alone(product: int) -> None:
    """Login, API and redirects: in clear text every page answers with the way to TLS."""
    protos = [f"{spelt}: https" for spelt in spellings("X-Forwarded-Proto")]
    for path in PAGES:
        for forged in [[], *([proto] for proto in protos), ["Forwarded: proto=https"]]:
            for host in (NAME, f"{NAME}:8443"):
                evil = [*forged, "X-Forwarded-Host: evil.example", "X_Forwarded_Port: 81"]
                assert redirects_to_tls(ask(product, path, evil, host=host), path), forged
        hidden = ["X_Forwarded_Proto: https", "X-Forwarded-Proto: http"]
        assert redirects_to_tls(ask(product, path, hidden, peer=PROXY), path)
        assert redirects_to_tls(ask(product, path, hidden[::-1], peer=PROXY), path)
        through = ask(product, path, ["X-Forwarded-Proto: https"], peer=PROXY)
        assert through.status in {200, 302, 401, 404, 405}, path
    assert ask(product, "/healthz", host="evil.example").status in {200, 400}
    assert (
        ask(product, "/account/login/", ["X-Forwarded-Host: " + NAME], host="evil.x").status != 200
    )

    # A limit counts the client, whatever it calls itself.
    tls = ["X-Forwarded-Proto: https", f"X-Forwarded-For: {CLIENT}"]
    names = [*spellings("X-Forwarded-For")[3:], "Forwarded", "X-Real-IP", "X_Real_IP"]
    lines_of_one = [
        [*tls, f"{names[number % len(names)]}: 203.0.113.{number}"]
        for number in range(misses.MAX_MISSES)
    ]
    assert {ask(product, "/d/none", lines, peer=PROXY).status for lines in lines_of_one} == {404}
    assert ask(product, "/d/none", tls, peer=PROXY).status == 429
    other = [tls[0], f"X-Forwarded-For: {FORGED}"]
    assert ask(product, "/d/none", other, peer=PROXY).status == 404


# --- The rules, one by one


def decided(peer: str, forwarded_for: str = "", proto: str = "", *proxies: str) -> tuple[str, str]:
    """What address and scheme come out."""
    found: dict[str, Any] = {}

    def keep(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found.update(environ)
        return []

    networks = parse_networks(proxies or ["10.0.0.0/8", "2001:db8:f::/48"])
    environ = {
        "REMOTE_ADDR": peer,
        "wsgi.url_scheme": "http",
        "HTTP_X_FORWARDED_FOR": forwarded_for,
        "HTTP_X_FORWARDED_PROTO": proto,
    }
    list(trust_proxies(keep, proxies=networks)(environ, lambda *_: None))
    return found["REMOTE_ADDR"], found["wsgi.url_scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.1", FORGED, "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", CLIENT, CLIENT),
        ("::ffff:10.0.0.1", CLIENT, CLIENT),
        ("2001:db8:f::1", CLIENT, CLIENT),
        ("2001:db8:e::1", CLIENT, "2001:db8:e::1"),
        ("10.0.0.1", f"{FORGED}, {CLIENT}", CLIENT),
        ("10.0.0.1", f"{FORGED},{CLIENT} , 10.0.0.2,10.0.0.3", CLIENT),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("10.0.0.1", f"{CLIENT}:4711", CLIENT),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.7", CLIENT),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", f"{CLIENT}, unknown", "10.0.0.1"),
        ("10.0.0.1", f"{CLIENT}, 10.0.0.2, _hidden", "10.0.0.1"),
        ("10.0.0.1", f"{FORGED}, garbage, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", f"{CLIENT},", "10.0.0.1"),
        ("10.0.0.1", "0x7f.1", "10.0.0.1"),
        ("10.0.0.1", "\u0661.1.1.1", "10.0.0.1"),
        ("", CLIENT, ""),
        ("unix:", CLIENT, ""),
    ],
)
def test_the_client_is_the_nearest_address_that_is_not_ours(
    peer: str, forwarded_for: str, client: str
) -> None:
    assert decided(peer, forwarded_for)[0] == client


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("", "http"),
        ("https", "https"),
        (" HTTPS ", "https"),
        ("http,https", "https"),
        ("https,http", "http"),
        ("https,", "http"),
        ("httpsx", "http"),
        ("wss", "http"),
    ],
)
def test_the_scheme_is_what_the_nearest_proxy_said(proto: str, scheme: str) -> None:
    assert decided("10.0.0.1", CLIENT, proto)[1] == scheme
    assert decided("192.0.2.1", CLIENT, proto)[1] == "http"


def test_nobody_is_trusted_unless_named() -> None:
    assert parse_networks([]) == ()
    assert parse_networks([" 10.0.0.0/8", "::1"]) == (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize("written", ["1", "", "proxy", "10.0.0.1/8", "0.0.0.0/0", "::/0", "10.0.0"])
def test_what_is_no_network_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_networks([written])


def test_the_port_of_an_address() -> None:
    addresses = ["https://a.example", "http://a.example", "https://a.example:8443/x"]

    assert [port_of(address) for address in addresses] == [443, 80, 8443]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", ""),
        ("nobody", ""),
    ],
)
def test_limits_count_an_ipv6_client_once(address: str, network: str) -> None:
    assert network_for_limits(address) == network


def test_a_forwarded_header_is_not_read_again() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::0:1", HTTP_X_FORWARDED_FOR=FORGED)

    assert network_of(request) == "2001:db8::1"
    assert network_of(RequestFactory().get("/", REMOTE_ADDR="")) == ""
