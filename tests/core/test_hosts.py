"""Which hosts everybody on the internet can reach, however they are written."""

from __future__ import annotations

import pytest

from core.hosts import HostError, LocalHostError, public_host


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Shop.Example.COM", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("93.184.216.34", "93.184.216.34"),
        ("2606:2800:220:1:248:1893:25c8:1946", "2606:2800:220:1:248:1893:25c8:1946"),
        ("localhost.example.com", "localhost.example.com"),
        ("local.shop", "local.shop"),
    ],
)
def test_a_public_host_is_stored_in_ascii(typed: str, stored: str) -> None:
    assert public_host(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal",
        "router.lan", "nas.home.arpa", "1.0.0.127.in-addr.arpa", "intranet.corp",
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1",
        "017700000001", "0177.0.0.1", "127.0.0.01", "4294967296", "0x", "1.2.3.4.5", "256.1.1.1",
        "shop.0x7f", "\N{FULLWIDTH DIGIT ONE}27.0.0.1", "127\N{IDEOGRAPHIC FULL STOP}0.0.1",
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:192.168.1.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_a_private_one_is_refused_in_every_form(typed: str) -> None:
    with pytest.raises(LocalHostError):
        public_host(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "", ".", "intranet", "a..example", "-a.example", "a-.example", "a b.example",
        "ex%61mple.com", "shop.example:80", "a" * 64 + ".example", "a." * 127 + "example",
        "fe80::1%eth0", ":::", "shop_example", "*.example", "xn--.example\N{SNOWMAN}\N{BULLET}",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused(typed: str) -> None:
    with pytest.raises(HostError):
        public_host(typed)
