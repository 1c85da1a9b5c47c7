"""Connecting a shop: choosing it, its steps, what is pasted and what the shop says to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from background.models import Work
from brand_admin.connections.drawings import BAR, SIDE, TEXT_WIDTH, WIDTH, Drawing
from brand_admin.connections.guides import GUIDES
from core.tenancy import acting_for
from integrations.credentials import credentials_of
from integrations.models import Connection
from integrations.shops import SHOPS
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, shown
from tests.brand_admin.shops import (
    entered,
    kept_in,
    only,
    page_of,
    setup_of,
)
from tests.cast import Cast
from tests.integrations.woocommerce.stand_in import SECRET, WooStore
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")


def test_without_a_shop_the_list_offers_every_kind(cast: Cast) -> None:
    page = shown(desk_of(cast.vera).get(at(cast.juniper, "connections")))

    assert "Connect your shop" in page
    for guide in GUIDES.values():
        assert at(cast.juniper, "connection_setup", kind=guide.kind) in page
        assert guide.when in page
    assert at(cast.juniper, "connection_other") in page


def test_every_kind_of_shop_has_its_steps() -> None:
    assert list(GUIDES) == [shop.kind for shop in SHOPS.values()]


def test_another_shop_is_led_to_the_api_and_to_files(cast: Cast) -> None:
    page = shown(desk_of(cast.ines).get(at(cast.juniper, "connection_other")))

    assert at(cast.juniper, "developers") in page
    assert at(cast.juniper, "orders_import") in page


def test_on_ones_own_machine_the_page_says_that_no_shop_reaches_it(
    ines: Client, cast: Cast, settings: Any
) -> None:
    told = "No shop on the internet can send to this machine"
    settings.STAND_INS = {}
    assert told in shown(ines.get(setup_of(cast.juniper)))

    settings.STAND_INS = {"api.stripe.com": "127.0.0.1:9"}
    assert told not in shown(ines.get(setup_of(cast.juniper)))
    settings.STAND_INS, settings.LOCAL = {}, False
    assert told not in shown(ines.get(setup_of(cast.juniper)))


def test_an_unknown_kind_is_not_there(ines: Client, cast: Cast) -> None:
    assert ines.get(at(cast.juniper, "connection_setup", kind="made_up")).status_code == 404


def test_an_owner_connects_a_store(ines: Client, cast: Cast, store: WooStore) -> None:
    answer = ines.post(setup_of(cast.juniper), entered(store, history="60"), follow=True)

    page, row = shown(answer), only(cast)
    assert answer.redirect_chain == [(page_of(cast, row), 302)]
    assert (row.state, row.store) == ("waiting", f"127.0.0.1:{store.port}")
    assert "Waiting for the first real order" in page
    assert "Nothing has arrived from the shop yet." in page
    assert "Earlier orders are being fetched" in page
    assert {one.status for one in store.webhooks.values()} == {"active"}
    with acting_for(cast.juniper):
        assert Work.objects.get().kind == "history_import"


def test_a_wrong_key_is_named_and_nothing_is_kept(
    ines: Client, cast: Cast, store: WooStore
) -> None:
    store.permissions = None
    before = snapshot()

    answer = ines.post(setup_of(cast.juniper), entered(store))

    page = page_text(answer)
    assert answer.status_code == 422
    assert "The shop does not accept it yet." in page
    assert "Wrong: </span>Key" in page
    assert SECRET not in page
    assert snapshot() == before


def test_after_a_change_in_the_shop_nothing_is_pasted_again(
    ines: Client, cast: Cast, store: WooStore
) -> None:
    store.permissions = "read"
    refused = page_text(ines.post(setup_of(cast.juniper), entered(store)))
    assert "Wrong: </span>Permissions" in refused
    assert "Entered. Leave it empty to use it again." in refused
    kept = kept_in(refused)

    store.permissions = "read_write"
    again = entered(store, consumer_secret="", kept=kept)
    answer = ines.post(setup_of(cast.juniper), again)

    assert answer.status_code == 302
    with acting_for(cast.juniper):
        assert credentials_of(only(cast))["consumer_secret"] == SECRET


@pytest.mark.parametrize("kept", ["", "nonsense", "é" * 3_000])
def test_a_forged_sealed_text_is_no_secret(
    ines: Client, cast: Cast, store: WooStore, kept: str
) -> None:
    before = snapshot()

    answer = ines.post(setup_of(cast.juniper), entered(store, consumer_secret="", kept=kept))

    assert answer.status_code == 422
    assert "Enter the consumer secret." in page_text(answer)
    assert snapshot() == before


def test_what_another_brand_entered_does_not_open_here(
    ines: Client, cast: Cast, store: WooStore
) -> None:
    store.permissions = None
    otto = desk_of(cast.otto)
    kept = kept_in(page_text(otto.post(setup_of(cast.saltmarsh), entered(store))))
    store.permissions = "read_write"

    answer = ines.post(setup_of(cast.juniper), entered(store, consumer_secret="", kept=kept))

    assert answer.status_code == 422
    assert "Enter the consumer secret." in page_text(answer)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("store", "", "Enter the address of your store"),
        ("store", "shop", "The address is not complete."),
        ("consumer_key", SECRET, "This is the consumer secret."),
        ("consumer_secret", "cs_1", "has 43 characters, this one has 4."),
        ("history", "7", "Select a valid choice."),
        ("store", "x" * 2_001, "at most 2000 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    ines: Client, cast: Cast, store: WooStore, field: str, value: str, said: str
) -> None:
    before = snapshot()

    answer = ines.post(setup_of(cast.juniper), entered(store, **{field: value}))

    assert answer.status_code == 422
    assert said in page_text(answer)
    assert store.requests == []
    assert snapshot() == before


def test_a_store_of_another_brand_is_refused_without_its_name(
    connection: Connection, cast: Cast, store: WooStore
) -> None:
    answer = desk_of(cast.otto).post(setup_of(cast.saltmarsh), entered(store))

    page = page_text(answer)
    assert answer.status_code == 422
    assert "is connected already. One store can send its orders to one brand" in page
    assert "Juniper" not in page


@pytest.mark.parametrize("person", ["theo", "vera"])
def test_who_is_no_owner_reads_the_steps_and_connects_nothing(
    person: str, cast: Cast, store: WooStore
) -> None:
    client, before = desk_of(getattr(cast, person)), snapshot()

    page = shown(client.get(setup_of(cast.juniper)))

    assert "An owner connects the shop" in page
    assert "Consumer key" not in page.partition("<ol")[0]
    assert 'name="consumer_secret"' not in page
    assert client.post(setup_of(cast.juniper), entered(store)).status_code == 403
    assert snapshot() == before
    assert store.requests == []


DRAWINGS = [step.drawing for guide in GUIDES.values() for step in guide.steps]


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.alt[:40])
def test_a_drawing_fits_its_window(drawing: Drawing) -> None:
    assert len(drawing.alt) > 20
    assert drawing.chosen in drawing.menu
    for shape in drawing.shapes:
        assert shape.x >= 0
        assert shape.x + shape.width + 8 <= WIDTH
        assert shape.y + shape.height < drawing.height
        assert shape.y > BAR
        room = SIDE - 16 if shape.kind in ("menu", "chosen") else shape.width
        assert len(shape.value or shape.text) * TEXT_WIDTH <= room + 10, shape.text


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.alt[:40])
def test_the_rings_of_a_drawing_are_numbered_from_one(drawing: Drawing) -> None:
    numbers = [shape.number for shape in drawing.shapes if shape.number]

    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers
