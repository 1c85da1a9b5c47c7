"""A deep link stays on the shop."""

from __future__ import annotations

import pytest

from offers.models import Offer

OFFER = Offer(
    destination_url="https://www.juniper.example/winter",
    allowed_domains=["Gifts.example", "bücher.example"],
)


@pytest.mark.parametrize(
    "url",
    [
        "https://juniper.example",
        "http://juniper.example/a?b=c#d",
        "https://www.juniper.example/",
        "https://shop.JUNIPER.example:8443/",
        "https://gifts.example/",
        "https://a.gifts.example/x@y",
        "https://Bücher.example/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_pages_of_the_shop_are_allowed(url: str) -> None:
    assert OFFER.allows_host_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "juniper.example",
        "//juniper.example/",
        "https://evil.example/",
        "https://notjuniper.example/",
        "https://juniper.example.evil.example/",
        "https://juniper.example@evil.example/",
        "https://evil.example@juniper.example/",
        r"https://evil.example\@juniper.example/",
        r"https:\\juniper.example/",
        "https://juniper.example/\n",
        "https://juniper.example /",
        "https://[juniper.example/",
        "javascript://juniper.example/%0aalert(1)",
        "ftp://juniper.example/",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    assert not OFFER.allows_host_of(url)
