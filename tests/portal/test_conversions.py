"""The conversions on a dashboard, their states and their CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

from django.test import Client

from core.tenancy import acting_for
from tests.cast import Cast, refund
from tests.following import follow_link
from tests.portal.conftest import (
    Sell,
    badges,
    new_terms,
    pay,
    reject,
    text_of,
)
from tracking.models import TrackingLink
from tracking.orders.refunds import record_refund

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"


def test_a_conversion_says_what_it_earned_and_why_and_nothing_of_the_shopper(
    client: Client, path: str, sell: Sell
) -> None:
    sell("SHOP-4821", amount="84.20", customer_id="customer-77")

    page = text_of(client, path)

    assert "sale · ····4821" in page
    assert "SHOP-4821" not in page
    assert "customer-77" not in page
    assert "+£8.42" in page
    assert "20 Nov, 11:00 · your code" in page
    assert "£84.20 of products that count \N{MULTIPLICATION SIGN} 10% = £8.42" in page
    assert "The order brought the code MARA15" in page


def test_a_conversion_won_by_a_click_says_so(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    at = cast.now - timedelta(days=2)
    redirect = follow_link(slug=slug, user_agent=PHONE, referrer="", now=at)
    assert redirect is not None
    sell(promo_code=None, click_id=redirect.url.rpartition("trb=")[2])

    page = text_of(client, path)

    assert "· your link" in page
    assert "The order brought a click on 18 Nov 2026" in page


def test_each_state_of_the_money_has_its_words(
    cast: Cast, client: Client, path: str, sell: Sell, time_machine: Any
) -> None:
    sell("1", days_ago=9)
    pay(cast)
    sell("2", days_ago=8)
    gone = sell("3", days_ago=7)
    reject(cast, sell("4", days_ago=6), "Order cancelled by the shop")
    with acting_for(cast.juniper):
        record_refund(
            refund=refund("R3", "3", amount="84.20"), source="shop", by=cast.by, now=cast.now
        )
    new_terms(cast, hold_days=14)
    sell("5", ordered_at=(cast.now + timedelta(minutes=5)).isoformat())
    time_machine.move_to(cast.now + timedelta(minutes=10), tick=False)

    page = text_of(client, path)

    assert gone.commission_minor == 842
    assert badges(page) == [
        "Paid", "Payable 4 Dec", "Rejected", "Refunded", "Payable now", "Paid 20 Nov",
    ]  # fmt: skip
    assert "14 Nov, 11:00 · Order cancelled by the shop" in page
    assert "Everything was refunded: nothing is earned" in page
    assert "can be paid from 4 Dec 2026" in page
    assert "paid on 20 Nov 2026 (BACS 1)" in page
    assert "£8.42 from 4 Dec 2026" in page


def test_a_refund_after_the_payment_comes_off_the_next(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    pay(cast)
    with acting_for(cast.juniper):
        record_refund(refund=refund(), source="shop", by=cast.by, now=cast.now)

    page = text_of(client, path)

    assert badges(page) == ["Paid", "Paid 20 Nov"]
    assert "\N{MINUS SIGN}£1.00 taken off your next payment" in page
    assert "\N{MINUS SIGN}£1.00" in page
    assert "Taken off your next payment" in page


def test_a_refund_before_the_payment_makes_the_amount_smaller(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    gone = sell("1002", days_ago=1)
    with acting_for(cast.juniper):
        record_refund(refund=refund(), source="shop", by=cast.by, now=cast.now)
    reject(cast, gone, "Cancelled")

    page = text_of(client, path)

    assert badges(page) == ["Payable now", "Rejected"]
    assert "+£7.42 can be paid now" in page
    assert page.count("can be paid now") == 1
    assert "taken off your next payment" not in page


def test_five_conversions_come_first_and_then_twenty_five_at_a_time(
    client: Client, path: str, sell: Sell
) -> None:
    for number in range(27):
        sell(f"ORDER-{number:04}", days_ago=number)

    few = text_of(client, f"{path}?range=7d")
    [all_of_them] = re.findall(r'href="([^"]*)#conversions">Show all 27', few)
    first = text_of(client, path + html.unescape(all_of_them))
    [further] = re.findall(r'href="([^"]*)#conversions" rel="next"', first)
    second = text_of(client, path + html.unescape(further))

    assert few.count("<li><details>") == 5
    assert "range=7d" in all_of_them
    assert first.count("<li><details>") == 25
    assert second.count("<li><details>") == 2
    assert "1\N{EN DASH}25 of 27 conversions" in first
    assert "····0026" in second
    assert "26\N{EN DASH}27 of 27 conversions" in second
    [back] = re.findall(r'href="([^"]*)#conversions" rel="prev"', second)
    assert text_of(client, path + html.unescape(back)).count("<li><details>") == 25


def test_csv_holds_what_the_page_filters(cast: Cast, client: Client, path: str, sell: Sell) -> None:
    sell("SHOP-0001", days_ago=2)
    pay(cast)
    reject(cast, sell("SHOP-0002"), '=cmd("x")')

    lines = csv_of(client, f"{path}/conversions.csv")
    rejected = csv_of(client, f"{path}/conversions.csv?status=rejected")

    assert lines[0][:6] == ["ordered_at", "order", "sale", "refunded", "commission", "currency"]
    assert lines[1:] == [
        ["2026-11-20T11:00:00+00:00", "····0002", "84.20", "0.00", "0.00", "GBP",
         "rejected", '\'=cmd("x")', "code", "2026-11-20", ""],
        ["2026-11-18T11:00:00+00:00", "····0001", "84.20", "0.00", "8.42", "GBP",
         "accepted", "", "code", "2026-11-18", "2026-11-20"],
    ]  # fmt: skip
    assert rejected == lines[:2]
    assert text_of(client, f"{path}?status=rejected").count("<li><details>") == 1


def csv_of(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer["Content-Disposition"] == (
        'attachment; filename="winter-glow-creators-conversions.csv"'
    )
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))


QUERIES = 17


def test_the_page_asks_the_same_of_one_conversion_as_of_three(
    client: Client, path: str, sell: Sell, django_assert_num_queries: Any
) -> None:
    sell("1")
    with django_assert_num_queries(QUERIES):
        client.get(path)
    sell("2", days_ago=1)
    sell("3", days_ago=2)
    with django_assert_num_queries(QUERIES):
        client.get(path)
