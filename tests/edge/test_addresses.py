"""The address that a shopper is sent to: its text stays, and it is on the shop's domains."""

from __future__ import annotations

import re

import pytest

from edge.addresses import UnusableAddressError, shop_address
from edge.targets import LinkTarget
from tests.edge.elsewhere import ELSEWHERE
from tests.edge.targets import BROWSER, HOME, destination, followed, serving
from tests.following import ask
from tracking.links import click_ids

DOMAINS = ("juniper.example",)
ID = r"[A-Za-z0-9_-]{48}"
CONTROL = re.compile(r"[\x00-\x20\x7f-\uffff]")
QUERIES = ("{}", "url={}", "next={}", "trb={}", "sub={}", "utm_source={}&a=%0d%0aLocation:%20{}")


def leads_elsewhere(text: str) -> bool:
    """Whether the link leads anywhere but to Juniper's page, in any program's reading."""
    target = LinkTarget(destination(text))
    location = target.head + "x" + target.tail
    return bool(CONTROL.search(location)) or not location.startswith(f"{HOME}?trb=x")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_elsewhere_that_was_saved_leads_to_the_offers_own_page(url: str) -> None:
    with pytest.raises(UnusableAddressError):
        shop_address(url, DOMAINS)
    assert not leads_elsewhere(url)


@pytest.mark.parametrize("query", QUERIES)
def test_nothing_that_a_visitor_writes_leads_elsewhere(query: str) -> None:
    """In each of these places more than 200 tricks, beside as many saved addresses."""
    assert len(set(ELSEWHERE)) >= 200
    application = serving(destination())
    headers = {"User-Agent": BROWSER, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for url in ELSEWHERE:
        written = re.sub(r"[\x00-\x20\x7f]", "", url).encode().decode("latin-1")
        for path in (f"/r/mara?{query.replace('{}', written)}", f"/r/mara/{url.replace('?', '')}"):
            answer = ask(application, path, headers=headers)
            assert answer.status in {302, 404}, path
            location = dict(answer.headers).get("location", f"{HOME}?")
            assert location.startswith(f"{HOME}?"), path
            assert not CONTROL.search(location), path


@pytest.mark.parametrize(
    ("url", "query", "expected"),
    [
        ("https://juniper.example", "", "https://juniper.example?trb=ID"),
        ("https://juniper.example/", "", "https://juniper.example/?trb=ID"),
        ("https://juniper.example/p?", "", "https://juniper.example/p?trb=ID"),
        ("https://juniper.example/p?abc", "", "https://juniper.example/p?abc&trb=ID"),
        ("https://juniper.example/p?a=1&", "", "https://juniper.example/p?a=1&trb=ID"),
        ("https://juniper.example/p?a=1;b=2", "", "https://juniper.example/p?a=1;b=2&trb=ID"),
        ("https://juniper.example/p?a[]=1&a[]=2", "", "https://juniper.example/p?a[]=1&a[]=2&trb=ID"),
        ("https://juniper.example/p?a=%E9", "", "https://juniper.example/p?a=%E9&trb=ID"),
        ("https://juniper.example/p?a=b+c%20d", "", "https://juniper.example/p?a=b+c%20d&trb=ID"),
        ("https://juniper.example/p#top", "", "https://juniper.example/p?trb=ID#top"),
        ("https://juniper.example/p?a#/x?y=1", "", "https://juniper.example/p?a&trb=ID#/x?y=1"),
        ("https://juniper.example/p#", "", "https://juniper.example/p?trb=ID#"),
        ("https://juniper.example/p?trb=old&a=1", "", "https://juniper.example/p?a=1&trb=ID"),
        ("https://juniper.example/p?t%72b=old", "", "https://juniper.example/p?trb=ID"),
        ("https://juniper.example:8443/a//b/../c;d=1", "", "https://juniper.example:8443/a//b/../c;d=1?trb=ID"),
        ("https://JUNIPER.example/P?Q=%e9", "", "https://juniper.example/P?Q=%e9&trb=ID"),
        ("https://juniper.example/café?q=ü", "", "https://juniper.example/caf%C3%A9?q=%C3%BC&trb=ID"),
        (HOME, "fbclid=X%2By&abc", f"{HOME}?fbclid=X%2By&abc&trb=ID"),
        (HOME, "a=%E9;b[]=1&&c", f"{HOME}?a=%E9;b[]=1&c&trb=ID"),
        (HOME, "a=\xe9", f"{HOME}?a=%E9&trb=ID"),
        (f"{HOME}?color=red#x", "color=blue&size=m", f"{HOME}?color=red&size=m&trb=ID#x"),
        (f"{HOME}?utm_source=ours", "utm_source=theirs&utm.source=x&UTM_SOURCE=y", f"{HOME}?utm_source=ours&trb=ID"),
        (HOME, "trb=a&TRB=b&t%72b=c&trb[]=d&%20trb=e&x;trb=f&trb%00=g", f"{HOME}?trb=ID"),
        (HOME, "sub=yt&sub2=x&sub5=z", f"{HOME}?trb=ID"),
        (HOME, "a=" + "x" * 2_000, f"{HOME}?trb=ID"),
    ],
)  # fmt: skip
def test_only_what_is_ours_is_added(url: str, query: str, expected: str) -> None:
    location = followed(url, query)["Location"]

    assert re.fullmatch(re.escape(expected).replace("ID", ID), location), location
    found = re.search(f"trb=({ID})", location)
    assert found
    read = click_ids.read(found[1])
    assert read
    assert read.link_id == 7


@pytest.mark.parametrize(
    ("domain", "url", "sent"),
    [
        ("bücher.example", "https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("xn--bcher-kva.example", "https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("bücher.example", "https://shop.xn--bcher-kva.example/", "https://shop.xn--bcher-kva.example/"),
    ],
)  # fmt: skip
def test_an_international_host_is_sent_as_punycode(domain: str, url: str, sent: str) -> None:
    assert shop_address(url, [domain]) == sent


def test_sub_ids_and_marks_of_paid_search_are_kept_on_the_click() -> None:
    query = "sub=you+tube&sub2=%C3%A9&sub3=a%09b&sub4=" + "x" * 70 + "&gclid=1&msclkid=2"
    [click] = followed(HOME, query).clicks

    assert [click[f"sub{number}"] for number in range(1, 6)] == [
        "you tube", "é", "a\\tb", "x" * 60, "",
    ]  # fmt: skip
    assert click["landing"] == "gclid"
