"""Exchange rates: added line by line, listed, and used for the orders that wait for one."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.test import Client

from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, shown
from tests.cast import NOW, SYSTEM, Cast, order
from tests.portal.conftest import path_of
from tracking.models import Conversion, ExchangeRate, Order
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")


def add(client: Client, cast: Cast, text: str) -> str:
    address = at(cast.juniper, "exchange_rates_new")
    return page_text(client.post(address, {"rates": text}, follow=True))


def test_rates_are_read_as_people_have_them(theo: Client, cast: Cast) -> None:
    typed = "2026-11-20 usd GBP 0.7912\n\n2026-11-19\tUSD\tGBP\t0.79\n2026-11-19; EUR; GBP; 0.85\n"

    assert "3 rates saved." in add(theo, cast, typed)

    page = shown(theo.get(at(cast.juniper, "exchange_rates")))
    assert page.index("0.7912") < page.index("0.79<")
    lines = csv_of(theo.get(at(cast.juniper, "exchange_rates_csv") + "?q=eur"))
    assert lines[1:] == [["2026-11-19", "EUR", "GBP", "0.85"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-11-20 USD GBP", "Line 1: Write four values"),
        ("2026-11-20 USD GBP 0.79\n2026-11-31 USD GBP 1", "Line 2: 2026-11-31 is no day"),
        ("2026-11-21 USD GBP 0.79", "is in the future"),
        ("2026-11-20 USD XQQ 0.79", "XQQ is no currency"),
        ("2026-11-20 GBP GBP 1", "needs no rate to itself"),
        ("2026-11-20 USD GBP 0", "must be more than zero"),
        ("2026-11-20 USD GBP -1", "must be more than zero"),
        ("2026-11-20 USD GBP 0.0000000001", "at most 9 decimals"),
        ("2026-11-20 USD GBP x", "Write a number"),
        ("", "Enter at least one rate."),
        ("\x00", "Null characters"),
    ],
)
def test_what_cannot_be_read_is_said_by_line_and_nothing_is_saved(
    theo: Client, cast: Cast, text: str, message: str
) -> None:
    assert message in add(theo, cast, text)
    assert not ExchangeRate.objects.exists()


def test_who_may_only_read_adds_none(cast: Cast) -> None:
    vera = desk_of(cast.vera)

    assert "Add rates" not in shown(vera.get(at(cast.juniper, "exchange_rates")))
    assert vera.post(at(cast.juniper, "exchange_rates_new"), {"rates": "x"}).status_code == 403


def test_an_order_in_dollars_is_credited_after_its_rate_came(theo: Client, cast: Cast) -> None:
    record_order(source="shop", order=order("1001", currency="USD"), by=SYSTEM, now=NOW)
    add(theo, cast, "2026-11-19 USD GBP 0.5")
    form = {
        "action": "look-again",
        "confirmed": "1",
        "selected": [Order.objects.get().pk],
        "form_key": str(uuid.uuid4()),
    }

    done = theo.post(at(cast.juniper, "unattributed_credit"), form, follow=True)

    assert "1 order" in page_text(done)
    row = Conversion.objects.get()
    assert (row.sale_minor, row.rate) == (4_210, Decimal("0.5"))
    page = shown(theo.get(at(cast.juniper, "conversion", conversion_id=row.pk)))
    assert "1 USD = 0.5 GBP, 19 Nov 2026" in page
    assert "$84.20" in page
    assert "1 USD = 0.5 GBP on 19 Nov 2026" in shown(Client().get(path_of(cast.mara_in_glow)))
