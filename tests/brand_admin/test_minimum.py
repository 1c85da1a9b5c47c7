"""The least that a payment shall be: a setting of the brand, proposed by every new run."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import Brand
from core.tenancy import acting_for
from payouts.services import adjust
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot


def earn(cast: Cast, minor: int, currency: str) -> None:
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow, currency=currency, amount_minor=minor, note="bonus",
            by=SYSTEM, now=NOW,
        )  # fmt: skip


def settings_with(cast: Cast, minimum: str) -> dict[str, str]:
    version = Brand.objects.get(pk=cast.juniper.pk).version
    return {
        "name": "Juniper & Co", "minimum_payout": minimum, "clicks_kept_months": "13",
        "version": str(version),
    }  # fmt: skip


def test_an_owner_sets_it_and_a_new_run_proposes_it(cast: Cast) -> None:
    ines = desk_of(cast.ines)
    earn(cast, 2_000, "GBP")

    saved = ines.post(at(cast.juniper, "settings"), settings_with(cast, "10.50"))

    assert saved.status_code == 302
    assert Brand.objects.get(pk=cast.juniper.pk).minimum_payout_minor == 1_050
    assert 'value="10.50"' in shown(ines.get(at(cast.juniper, "settings")))
    assert 'value="10.50"' in shown(ines.get(at(cast.juniper, "payment_run_new")))


@pytest.mark.parametrize(
    ("minimum", "said"),
    [
        ("fifty", "Write a number, like 12.5."),
        ("-1", "The amount can&#x27;t be negative."),
    ],
)
def test_what_is_no_amount_is_refused(cast: Cast, minimum: str, said: str) -> None:
    ines = desk_of(cast.ines)
    before = snapshot()

    answer = ines.post(at(cast.juniper, "settings"), settings_with(cast, minimum))

    assert answer.status_code == 422
    assert said in page_text(answer)
    assert snapshot() == before


def test_in_another_currency_that_of_the_last_run_is_proposed(cast: Cast) -> None:
    earn(cast, 5_000, "JPY")
    theo, new = desk_of(cast.theo), at(cast.juniper, "payment_run_new")
    told = {"currency": "JPY", "minimum": "700", "confirmation": str(uuid.uuid4())}

    theo.post(f"{new}?currency=JPY", told)

    assert 'value="700"' in shown(theo.get(f"{new}?currency=JPY"))
