"""Pages that wait for a shop: a slow shop keeps nobody else waiting."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from brand_admin.connections import asking
from brand_admin.connections.asking import ASKING, MAX_OF_A_BRAND, MAX_OF_ALL
from integrations.models import Connection
from tests.answers import page_text
from tests.brand_admin.desk import desk_of, shown
from tests.brand_admin.shops import entered, page_of, setup_of
from tests.cast import Cast
from tests.integrations.stand_in import Fault
from tests.integrations.woocommerce.stand_in import WooStore

pytestmark = pytest.mark.usefixtures("at_noon")
ASKING_PAGES = (
    "connection_check",
    "connection_credentials",
    "connection_secret",
    "connection_disconnect",
)


class Place:
    """The place of a request, which it gives up once."""

    given_up = 0

    def give_up(self) -> None:
        self.given_up += 1


@pytest.mark.parametrize("name", ASKING_PAGES)
def test_a_request_that_asks_a_shop_gives_its_place_up(
    name: str, ines: Client, connection: Connection, cast: Cast
) -> None:
    place = Place()

    ines.post(page_of(cast, connection, name), **{"tributary.place": place})  # type: ignore[arg-type]

    assert place.given_up == 1


def test_a_page_alone_keeps_its_place(ines: Client, connection: Connection, cast: Cast) -> None:
    place = Place()

    ines.get(page_of(cast, connection, "connection_secret"), **{"tributary.place": place})  # type: ignore[arg-type]
    ines.get(setup_of(cast.juniper), **{"tributary.place": place})  # type: ignore[arg-type]

    assert place.given_up == 0


def test_a_store_that_is_slow_with_each_answer_ends_the_check(
    ines: Client, cast: Cast, store: WooStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASK_SECONDS", 0.3)
    store.faults.extend([Fault(drips=True)] * 9)
    place, begun = Place(), time.monotonic()

    page = ines.post(setup_of(cast.juniper), entered(store), **{"tributary.place": place})  # type: ignore[arg-type]

    assert time.monotonic() - begun < 5
    assert page.status_code == 422
    assert "The store did not answer" in page_text(page)
    assert place.given_up == 1


def test_a_brand_asks_few_shops_at_once(
    ines: Client, connection: Connection, cast: Cast, store: WooStore
) -> None:
    asked = len(store.requests)
    with ASKING.of(cast.juniper.pk), ASKING.of(cast.juniper.pk):
        checked = ines.post(page_of(cast, connection, "connection_check"), follow=True)
        set_up = ines.post(setup_of(cast.juniper), entered(store), follow=True)
        htmx = ines.post(
            page_of(cast, connection, "connection_check"), headers={"HX-Request": "true"}
        )

    assert asking.BUSY in shown(checked)
    assert asking.BUSY in shown(set_up)
    assert htmx["HX-Refresh"] == "true"
    assert len(store.requests) == asked
    theo = desk_of(cast.theo)
    theo.post(page_of(cast, connection, "connection_check"))
    assert len(store.requests) > asked


def test_each_brand_has_its_share_and_all_have_a_limit() -> None:
    counted = asking.Asking()
    holds = [counted.of(brand) for brand in range(MAX_OF_ALL) for _ in range(MAX_OF_A_BRAND + 1)]
    free = [hold.__enter__() for hold in holds]

    assert free[:3] == [True, True, False]
    assert sum(free) == MAX_OF_ALL
    for hold in holds:
        hold.__exit__(None, None, None)
    with counted.of(0) as is_free:
        assert is_free
