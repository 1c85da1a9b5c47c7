"""Who sent a request, and from which country."""

from __future__ import annotations

import pytest

from config.forwarding import parse_networks, seen_through
from edge.clients import Client, clients_through, country_of


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("193.0.6.139", "NL"),
        ("2001:67c:2e8::1", "NL"),
        ("1.1.1.1", "AU"),
        ("127.0.0.1", ""),
        ("10.1.2.3", ""),
        ("198.51.100.7", ""),
        ("2001:db8::1", ""),
        ("fe80::1%eth0", ""),
        ("", ""),
        ("nobody", ""),
        ("1.2.3\t\n", ""),
    ],
)
def test_an_address_has_the_country_of_its_network(address: str, country: str) -> None:
    assert country_of(address) == country


def test_a_network_of_a_whole_region_has_no_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.clients.country_code", lambda address: "EU")

    assert country_of("192.0.2.1") == ""


@pytest.mark.parametrize(
    ("opened_by", "forwarded_for", "client"),
    [
        ("193.0.6.139", b"1.1.1.1", Client("193.0.6.139", is_tls=False, country="NL")),
        ("10.0.0.1", b"1.1.1.1, 193.0.6.139", Client("193.0.6.139", is_tls=True, country="NL")),
        ("10.0.0.1", b"::ffff:193.0.6.139", Client("193.0.6.139", is_tls=True, country="NL")),
        ("10.0.0.1", b"", Client("10.0.0.1", is_tls=True, country="")),
    ],
)
def test_the_country_is_that_of_the_client_behind_trusted_proxies(
    opened_by: str, forwarded_for: bytes, client: Client
) -> None:
    see = clients_through(seen_through(parse_networks(["10.0.0.0/8"])))

    assert see(opened_by, "http", forwarded_for, b"https") == client
