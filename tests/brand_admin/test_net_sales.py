"""Wherever sales stand, what is left of them after refunds stands beside them."""

from __future__ import annotations

import pytest
from django.test import Client

from core.tenancy import acting_for
from tests.brand_admin.desk import at, sell, shown
from tests.cast import NOW, SYSTEM, Cast, refund
from tests.portal.conftest import path_of
from tracking.orders.refunds import record_refund

pytestmark = pytest.mark.usefixtures("at_noon")
PAGES = ("home", "reporting", "offers", "members", "offer", "offer_report", "member")


@pytest.fixture(autouse=True)
def _ten_pounds_of_84_20_were_given_back(cast: Cast) -> None:
    sell(cast, "1001")
    with acting_for(cast.juniper):
        facts = refund("R1", "1001", refunded_at=NOW.isoformat())
        record_refund(source="shop", refund=facts, by=SYSTEM, now=NOW)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_brand_shows_both(theo: Client, cast: Cast, name: str) -> None:
    parts = {
        "offer": {"offer_id": cast.glow.pk},
        "offer_report": {"offer_id": cast.glow.pk},
        "member": {"member_id": cast.mara.pk},
    }

    page = shown(theo.get(at(cast.juniper, name, **parts.get(name, {}))))

    assert "£84.20" in page
    assert "£74.20" in page
    assert "fter refunds" in page


def test_so_does_the_dashboard(cast: Cast) -> None:
    page = shown(Client().get(path_of(cast.mara_in_glow)))

    assert "£84.20" in page
    assert "£74.20 after refunds" in page


def test_nothing_is_said_where_nothing_was_given_back(cast: Cast) -> None:
    page = shown(Client().get(path_of(cast.diego_in_glow)))

    assert "after refunds" not in page
