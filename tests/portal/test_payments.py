"""Money and payments on a dashboard."""

from __future__ import annotations

import csv
import html
import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Member
from core.tenancy import acting_for
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from payouts.models import Payout, PayoutDetails, PayoutState
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust, return_payment, write_off
from portal.dashboard import payments
from tests.cast import Cast, offer_values, pay_all_due
from tests.paid_clicks import earn_by_clicks
from tests.portal.conftest import (
    Sell,
    badges,
    path_of,
    pay,
    text_of,
)

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize("known", [True, False], ids=["to us", "to nobody"])
def test_a_payment_that_waits_for_details_says_what_to_do(
    cast: Cast, client: Client, path: str, sell: Sell, known: bool
) -> None:
    PayoutDetails.objects.all().delete()
    sell()
    with acting_for(cast.juniper):
        if not known:
            Member.objects.filter(pk=cast.mara.pk).update(email="")
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=cast.by, now=cast.now,
        )  # fmt: skip
        confirm_run(run=run, by=cast.by, now=cast.now)
        payout = Payout.objects.get()

    assert badges(text_of(client, path)) == ["Waiting for your details"] * 2
    page = text_of(client, f"{path}/payments/{payout.public_id}")

    assert ("pay you before it sees your payout details" in page) is known
    assert ('href="/portal/payout/share/?brand=juniper"' in page) is known
    assert ("This payment waits for you" in page) is not known
    assert ("Tell Juniper &amp; Co where to pay you." in page) is not known


def test_bonuses_and_corrections_are_shown_with_their_reason(
    cast: Cast, client: Client, path: str
) -> None:
    with acting_for(cast.juniper):
        for amount, note in ((2_500, "Launch video"), (-500, "Paid twice in May")):
            adjust(
                enrollment=cast.mara_in_glow, currency="GBP", amount_minor=amount, note=note,
                by=cast.by, now=cast.now,
            )  # fmt: skip

    page = text_of(client, path)

    assert "Launch video" in page
    assert "+£25.00" in page
    assert "Paid twice in May" in page
    assert "\N{MINUS SIGN}£5.00" in page
    assert client.get(path).context["money"].due.minor == 2_000


def test_a_write_off_that_is_taken_back_says_so(cast: Cast, client: Client, path: str) -> None:
    given: dict[str, Any] = {"enrollment": cast.mara_in_glow, "by": cast.by, "now": cast.now}
    with acting_for(cast.juniper):
        adjust(currency="GBP", amount_minor=1_000, note="Launch video", **given)
        payout = pay_all_due(cast.mara)
        adjust(currency="GBP", amount_minor=-800, note="Paid twice", **given)
        write_off(debt_minor=800, note="Let go", **given)
        return_payment(
            payout=payout, state=PayoutState.FAILED, reason="Closed", by=cast.by, now=cast.now
        )

    shown = client.get(path).context["adjustments"]

    assert [(row.title, row.more, row.amount) for row in shown] == [
        ("Write-off taken back", "", "\N{MINUS SIGN}£8.00"),
        ("Let go", "Debt written off", "+£8.00"),
        ("Paid twice", "", "\N{MINUS SIGN}£8.00"),
        ("Launch video", "", "+£10.00"),
    ]


@pytest.mark.parametrize(
    ("language", "name", "day"),
    [("en", "Clicks", "20 Nov 2026"), ("de", "Klicks", "20. Nov. 2026")],
)
def test_clicks_in_a_payment_have_a_name_and_a_day(
    cast: Cast, client: Client, time_machine: Any, language: str, name: str, day: str
) -> None:
    later = cast.now + timedelta(days=2)
    enrollment = earn_by_clicks(cast.mara, credited_at=later)
    time_machine.move_to(later, tick=False)
    with acting_for(cast.juniper):
        payout = pay_all_due(cast.mara, now=later)
    client = Client(headers={"Accept-Language": language})
    address = f"{path_of(enrollment)}/payments/{payout.public_id}"

    [shown] = client.get(address).context["lines"]
    _head, row = statement(client, f"{address}.csv")

    assert (shown.title, shown.happened) == (name, day)
    assert row[4:] == ["2026-11-20", "", "", name, "", "2.00", "GBP"]


def test_a_payment_over_two_offers_tells_what_is_for_this_one(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell("SHOP-4821", amount="84.20")
    with acting_for(cast.juniper):
        other = create_offer(
            values=offer_values(name="Other"),
            terms=TermsValues(percent_bp=1_000),
            by=cast.by,
            now=cast.now,
        )
        [elsewhere] = enroll(offer=other, members=[cast.mara], by=cast.by, now=cast.now)
        adjust(
            enrollment=elsewhere, currency="GBP", amount_minor=1_000, note="Secret bonus",
            by=cast.by, now=cast.now,
        )  # fmt: skip
    payment = pay(cast)

    page = text_of(client, path)
    detail = text_of(client, f"{path}/payments/{payment.public_id}")

    assert "£8.42" in page
    assert "of a payment of £18.42" in page
    assert "BACS 1" in page
    assert "sale · ····4821" in detail
    assert "Secret bonus" not in detail
    assert [amount in detail for amount in ("£8.42", "£10.00", "£18.42")] == [True] * 3
    assert "Secret bonus" in text_of(client, f"{path_of(elsewhere)}/payments/{payment.public_id}")


def test_what_an_offer_takes_off_a_payment_is_called_that(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell(amount="84.20")
    elsewhere = earn_by_clicks(cast.mara)
    given: dict[str, Any] = {"currency": "GBP", "note": "Paid twice", "by": cast.by}
    with acting_for(cast.juniper):
        adjust(enrollment=elsewhere, amount_minor=-500, now=cast.now, **given)
    payment = pay(cast)

    page = text_of(client, path_of(elsewhere))
    detail = text_of(client, f"{path_of(elsewhere)}/payments/{payment.public_id}")

    assert "taken off a payment of £3.42" in page
    assert "taken off" not in text_of(client, path)
    assert "Taken off your payment" in detail
    assert "Payment of \N{MINUS SIGN}£5.00" not in detail


def test_a_payment_that_came_back_says_so_and_the_money_is_due_again(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    payment = pay(cast)
    with acting_for(cast.juniper):
        return_payment(
            payout=payment, state=PayoutState.FAILED, reason="Account closed",
            by=cast.by, now=cast.now,
        )  # fmt: skip

    detail = text_of(client, f"{path}/payments/{payment.public_id}")

    assert badges(text_of(client, path)) == ["Failed", "Payable now"]
    assert "Account closed. The money is still yours" in detail
    assert client.get(path).context["money"].due.minor == 842


def test_a_payment_that_came_back_and_was_paid_since_promises_nothing(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    failed = pay(cast)
    with acting_for(cast.juniper):
        return_payment(
            payout=failed, state=PayoutState.FAILED, reason="Account closed",
            by=cast.by, now=cast.now,
        )  # fmt: skip
    pay(cast, reference="BACS 2")
    sell("1002")  # something is due, but nothing of what failed

    detail = text_of(client, f"{path}/payments/{failed.public_id}")

    assert "Account closed. This money is part of another payment." in detail
    assert "still yours" not in detail


def test_somebody_elses_payment_is_not_there(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    payment = pay(cast)

    answer = client.get(f"{path_of(cast.diego_in_glow)}/payments/{payment.public_id}")

    assert answer.status_code == 404
    assert answer.content == client.get("/d/nothing").content


def test_the_statement_holds_every_line_of_every_payment(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell("SHOP-0001", days_ago=2)
    first = pay(cast, reference="=BACS 1")
    sell("SHOP-0002", days_ago=1, amount="20.00")
    second = pay(cast, reference="BACS 2")

    head, *lines = statement(client, f"{path}/payments.csv")

    assert head[:4] == ["payment_date", "payment", "state", "reference"]
    assert lines == [
        ["2026-11-20", str(second.public_id), "paid", "BACS 2", "2026-11-19", "····0002", "20.00",
         "Commission", "", "2.00", "GBP"],
        ["2026-11-20", str(first.public_id), "paid", "'=BACS 1", "2026-11-18", "····0001", "84.20",
         "Commission", "", "8.42", "GBP"],
    ]  # fmt: skip
    assert statement(client, f"{path}/payments/{first.public_id}.csv") == [head, lines[1]]


def test_nobody_gets_the_statement_of_another(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    payout = pay(cast)
    others = path_of(cast.diego_in_glow)

    assert statement(client, f"{others}/payments.csv")[1:] == []
    answer = client.get(f"{others}/payments/{payout.public_id}.csv")
    assert (answer.status_code, answer.content) == (404, client.get("/d/nothing").content)


def test_a_long_payment_is_shown_by_the_page(
    cast: Cast, client: Client, path: str, sell: Sell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "PER_PAGE", 2)
    for number in range(3):
        sell(f"SHOP-000{number}", days_ago=3 - number)
    payout = pay(cast)

    first = text_of(client, f"{path}/payments/{payout.public_id}")
    [further] = re.findall(r'href="([^"]*)" rel="next"', first)
    second = text_of(client, f"{path}/payments/{payout.public_id}{html.unescape(further)}")

    assert "1\N{EN DASH}2 of 3 lines" in first
    assert [reference in first for reference in ("····0000", "····0001", "····0002")] == [
        True,
        True,
        False,
    ]
    assert [reference in second for reference in ("····0000", "····0001", "····0002")] == [
        False,
        False,
        True,
    ]


def statement(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
