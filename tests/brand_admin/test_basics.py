"""Currency and time zone of a brand, until its first order."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, transaction

from accounts.models import Brand
from core.tenancy import acting_for
from tests.brand_admin.desk import at, desk_of, sell, shown
from tests.brand_admin.staff import new_brand
from tests.cast import NOW, SYSTEM, Cast
from tracking.orders.brand_basics import BasicsError, change_basics

pytestmark = pytest.mark.usefixtures("at_noon")
TYPED = {"currency": "JPY", "time_zone": "Asia/Tokyo"}


def test_a_new_brand_changes_both(cast: Cast) -> None:
    brand = new_brand("fresh", owner=cast.ines)
    Brand.objects.filter(pk=brand.pk).update(minimum_payout_minor=5_000)
    ines, here = desk_of(cast.ines), at(brand, "brand_basics")

    assert here in shown(ines.get(at(brand, "settings")))
    wrong = ines.post(here, TYPED | {"time_zone": "Mars/Base"})
    ines.post(here, TYPED)

    assert wrong.status_code == 422
    brand.refresh_from_db()
    assert (brand.currency, brand.time_zone) == ("JPY", "Asia/Tokyo")
    assert brand.minimum_payout_minor == 0


def test_both_are_fixed_by_the_first_order(cast: Cast) -> None:
    sell(cast)
    ines, here = desk_of(cast.ines), at(cast.juniper, "brand_basics")

    assert here not in shown(ines.get(at(cast.juniper, "settings")))
    assert "Both are fixed since the first order" in shown(ines.get(here))
    assert ines.post(here, TYPED).status_code == 422
    with acting_for(cast.juniper), pytest.raises(BasicsError, match="has an order by now"):
        change_basics(brand=cast.juniper, currency="EUR", time_zone="UTC", by=SYSTEM, now=NOW)
    with pytest.raises(ProgrammingError, match="fixed by its first order"), transaction.atomic():
        Brand.objects.filter(pk=cast.juniper.pk).update(currency="EUR")
    cast.juniper.refresh_from_db()
    assert (cast.juniper.currency, cast.juniper.time_zone) == ("GBP", "Europe/London")
