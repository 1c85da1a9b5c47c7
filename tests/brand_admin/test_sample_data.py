"""Sample data of test mode: a small shop, made once, in no live brand, gone with all test data."""

from __future__ import annotations

import pytest

from accounts.models import Brand
from accounts.test_mode import delete_test_data, open_test_brand
from affiliates.models import Member
from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import Campaign
from offers.models import Offer
from payouts.models import Payout, PayoutState
from tests.brand_admin.desk import at, desk_of, logged, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.models import Click, Conversion, Order, PromoCode, Refund, TrackingLink
from tracking.reconciliation.differences import differences
from tracking.samples.test_mode import MEMBERS, ORDERS, fill_with_sample_data

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def at_test(cast: Cast) -> Brand:
    return open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)


def test_it_fills_every_kind_of_page_and_touches_no_other_brand(cast: Cast, at_test: Brand) -> None:
    live = snapshot(brand_id=cast.juniper.pk).counts

    assert fill_with_sample_data(brand=at_test, by=SYSTEM, now=NOW)

    with acting_for(at_test):
        [offer] = Offer.objects.all()
        counts = {
            model: model.objects.count() for model in (Member, PromoCode, TrackingLink, Order)
        }
        states = set(Payout.objects.values_list("state", flat=True))
        assert counts == {Member: MEMBERS, PromoCode: MEMBERS, TrackingLink: MEMBERS, Order: ORDERS}
        assert Conversion.objects.filter(offer=offer).count() == ORDERS
        assert Click.objects.count() > ORDERS
        assert Refund.objects.exists()
        assert states == {PayoutState.PAID, PayoutState.FAILED}
        assert not Campaign.objects.exists()
        assert not list(differences(at_test))
    now = snapshot(brand_id=cast.juniper.pk).counts
    assert {table: now[table] - live[table] for table in now if now[table] != live[table]} == {
        "accounts_auditentry": 1,  # that test mode was filled
        "accounts_auditcount": 1,
    }


def test_it_is_made_once_and_beside_what_is_there(at_test: Brand) -> None:
    with acting_for(at_test):
        add_member(email="mara@lindqvist.example", first_name="M", last_name="", by=SYSTEM, now=NOW)

    assert fill_with_sample_data(brand=at_test, by=SYSTEM, now=NOW)
    before = snapshot()
    assert not fill_with_sample_data(brand=at_test, by=SYSTEM, now=NOW)
    assert snapshot() == before


def test_a_live_brand_gets_none(cast: Cast) -> None:
    ines, before = desk_of(cast.ines), snapshot()

    with pytest.raises(ValueError, match="live brand"):
        fill_with_sample_data(brand=cast.juniper, by=SYSTEM, now=NOW)
    answer = ines.post(at(cast.juniper, "test_data_fill"))

    assert answer["Location"] == at(cast.juniper, "test_mode")
    assert snapshot() == before


def test_staff_fill_it_with_one_press_and_delete_it(cast: Cast, at_test: Brand) -> None:
    theo, vera, address = desk_of(cast.theo), desk_of(cast.vera), at(at_test, "test_data_fill")
    button = "Fill with sample data"

    assert vera.post(address).status_code == 403
    assert button not in shown(vera.get(at(at_test, "home")))
    assert button in shown(theo.get(at(at_test, "home")))
    assert theo.post(address)["Location"] == at(at_test, "home")
    assert "Sample offer" in shown(theo.get(at(at_test, "offers")))
    assert button not in shown(theo.get(at(at_test, "home")))
    theo.post(address)
    assert "are there already" in shown(theo.get(at(at_test, "settings")))
    newest = logged(theo.get(at(cast.juniper, "settings_audit")))[0]
    assert newest.words == "filled test mode with sample data"

    delete_test_data(brand=at_test, by=SYSTEM, now=NOW)
    assert sum(snapshot(brand_id=at_test.pk).counts.values()) == 0
    assert fill_with_sample_data(brand=at_test, by=SYSTEM, now=NOW)
