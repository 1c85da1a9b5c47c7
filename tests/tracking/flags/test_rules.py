"""Each rule of flags, on both sides of its limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from payouts.fingerprints import AccountSharer
from tests.cast import NOW
from tracking.flags.coupon_sites import known_coupon_sites
from tracking.flags.rules import (
    DayFacts,
    Found,
    SaleFacts,
    StoredClick,
    code_surge,
    coupon_site,
    fast_order,
    paid_search,
    same_customer,
    self_purchase,
    shared_account,
    site_of,
    velocity,
)
from tracking.orders.customer_digest import plain_address

SALE = SaleFacts(occurred_at=NOW)
DAY = DayFacts(
    day=date(2026, 11, 20), sales=0, sales_before=28, code_orders=0, clicks=0, clicks_before=9
)
SITES = frozenset({"deals.example"})


@pytest.mark.parametrize(("digest", "found"), [("a", {}), ("b", {}), ("c", None), ("", None)])
def test_own_purchase_is_the_address_under_any_key(digest: str, found: Found) -> None:
    sale = replace(SALE, customer_digest=digest, member_digests=frozenset({"a", "b"}))

    assert self_purchase(sale) == found


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("mara@lindqvist.example", "mara@lindqvist.example"),
        (" Mara.L+shop@Lindqvist.example ", "maral@lindqvist.example"),
        ("mara.l@googlemail.com", "maral@gmail.com"),
        ("mara", ""),
        ("+x@lindqvist.example", ""),
        ("", ""),
    ],
)
def test_an_address_without_what_a_mailbox_ignores(written: str, plain: str) -> None:
    assert plain_address(written) == plain


@pytest.mark.parametrize("mark", ["gclid", "msclkid", "gbraid", "wbraid"])
def test_paid_search_is_a_mark_on_the_landing_address(mark: str) -> None:
    assert paid_search(replace(SALE, click=StoredClick("google.com", mark))) == {"mark": mark}


@pytest.mark.parametrize("mark", ["", "fbclid", "ttclid"])
def test_other_marks_are_no_paid_search(mark: str) -> None:
    assert paid_search(replace(SALE, click=StoredClick("google.com", mark))) is None


def test_a_click_that_is_not_stored_is_no_paid_search() -> None:
    assert paid_search(SALE) is None


@pytest.mark.parametrize(
    ("clicked_on", "order_from", "host"),
    [
        ("deals.example", "", "deals.example"),
        ("www.Deals.example.", "", "www.Deals.example."),
        ("", "m.deals.example", "m.deals.example"),
        ("instagram.com", "deals.example", "deals.example"),
    ],
)
def test_a_coupon_site_led_the_shopper(clicked_on: str, order_from: str, host: str) -> None:
    click = StoredClick(clicked_on, "")
    sale = replace(SALE, click=click, order_referrer=order_from, coupon_sites=SITES)

    assert coupon_site(sale) == {"host": host, "site": "deals.example"}


@pytest.mark.parametrize("host", ["", "example", "notdeals.example", "deals.example.evil.test"])
def test_a_host_that_only_looks_like_it_is_none(host: str) -> None:
    assert coupon_site(replace(SALE, order_referrer=host, coupon_sites=SITES)) is None


def test_the_kept_list_holds_plain_hosts_each_once() -> None:
    sites = known_coupon_sites()

    assert {"joinhoney.com", "retailmenot.com"} <= sites
    assert not [host for host in sites if host != host.lower() or " " in host or "." not in host]
    assert not [host for host in sites if site_of(host.partition(".")[2], sites)]


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (-1, None),
        (0, {"seconds": 0, "limit": 15}),
        (14, {"seconds": 14, "limit": 15}),
        (15, None),
    ],
)
def test_seconds_after_the_click(seconds: int, found: Found) -> None:
    assert fast_order(replace(SALE, clicked_at=NOW - timedelta(seconds=seconds))) == found


def test_without_a_click_no_order_is_fast() -> None:
    assert fast_order(SALE) is None


@pytest.mark.parametrize(
    ("orders", "found"), [(4, None), (5, {"orders": 5, "days": 30, "limit": 5})]
)
def test_many_orders_of_one_customer(orders: int, found: Found) -> None:
    assert same_customer(replace(SALE, customer_orders=orders)) == found


@pytest.mark.parametrize(("seconds", "is_flagged"), [(-1, True), (0, True), (1, False)])
def test_a_shared_account_counts_for_orders_since(seconds: int, is_flagged: bool) -> None:
    sharer = AccountSharer(7, NOW + timedelta(seconds=seconds))
    found = shared_account(replace(SALE, shared_accounts=[sharer]))

    assert found == ({"member": 7} if is_flagged else None)


@pytest.mark.parametrize(
    ("changes", "is_flagged"),
    [
        ({"code_orders": 10}, True),
        ({"code_orders": 9}, False),  # too few
        ({"code_orders": 10, "sales_before": 93}, True),
        ({"code_orders": 10, "sales_before": 94}, False),  # no more than three times as usual
        ({"code_orders": 10, "clicks": 1}, False),  # somebody clicks
        ({"code_orders": 10, "clicks_before": 0}, False),  # nobody ever did
    ],
)
def test_a_surge_of_a_code_without_clicks(changes: dict[str, Any], is_flagged: bool) -> None:
    assert (code_surge(replace(DAY, **changes)) is not None) == is_flagged


@pytest.mark.parametrize(
    ("sales", "before", "is_flagged"),
    [(20, 55, True), (20, 56, False), (19, 0, False), (20, 0, True)],
)
def test_sales_beyond_the_own_rhythm(sales: int, before: int, is_flagged: bool) -> None:
    found = velocity(replace(DAY, sales=sales, sales_before=before))

    assert found == (
        {"sales": sales, "limit": 20, "day": "2026-11-20", "before": before, "days": 28}
        if is_flagged
        else None
    )
