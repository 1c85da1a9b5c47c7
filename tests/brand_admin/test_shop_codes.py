"""Connections → Codes: an offer's codes here against those in the shop."""

from __future__ import annotations

import pytest
from django.test import Client

from core.tenancy import acting_for
from integrations.codes import keep_in_step
from integrations.comparing import compare_codes
from integrations.models import ComparedCode, Connection, OfferDiscount
from integrations.shop import ShopAwayError, ShopCode
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.conftest import connection, made_up
from tests.integrations.deliveries import STORE
from tests.integrations.made_up_shop import store_of
from tests.snapshot import snapshot
from tracking.models import PromoCode

__all__ = ["connection", "made_up"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def compare(discount: OfferDiscount) -> None:
    OfferDiscount.objects.filter(pk=discount.pk).update(compare_at=NOW)
    compare_codes(discount_id=discount.pk, now=NOW, clock=lambda: NOW)


@pytest.fixture
def discount(connection: Connection, cast: Cast) -> OfferDiscount:
    """In the shop one code was removed, and another one was made."""
    made = keep_in_step(connection=connection, offer=cast.glow, percent_bp=1500, by=SYSTEM, now=NOW)
    compare(made)
    there = store_of(STORE).codes[made.name]
    del there["MARA15"]
    there["VIP"] = ShopCode("VIP", True, "9", 7)
    compare(made)
    return made


def code(text: str) -> ComparedCode:
    return ComparedCode.objects.get(code=text)


def page_of(cast: Cast, discount: OfferDiscount, query: str = "") -> str:
    return at(cast.juniper, "compared_codes", discount_id=discount.pk) + query


def test_a_manager_keeps_an_offers_codes_in_step(
    connection: Connection, cast: Cast, theo: Client
) -> None:
    empty = shown(theo.get(at(cast.juniper, "shop_codes")))
    sent = {"connection": connection.pk, "offer": cast.glow.pk, "percent": "15"}

    page = shown(theo.post(at(cast.juniper, "shop_codes_keep"), sent, follow=True))

    discount = OfferDiscount.objects.get()
    assert "No codes are kept in step yet" in empty
    assert "The codes are being compared with the shop." in page
    assert "Being compared" in page
    assert (discount.percent_bp, discount.offer, discount.connection) == (
        1500, cast.glow, connection,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("percent", "said"),
    [
        ("", "This field is required."),
        ("0", "Enter more than 0%."),
        ("101", "The rate must be between 0% and 100%."),
        ("x", "Write a number, like 12.5."),
    ],
)
def test_a_wrong_percentage_is_refused(
    connection: Connection, cast: Cast, theo: Client, percent: str, said: str
) -> None:
    sent = {"connection": connection.pk, "offer": cast.glow.pk, "percent": percent}

    answer = theo.post(at(cast.juniper, "shop_codes_keep"), sent)

    assert answer.status_code == 422
    assert said in page_text(answer)
    assert not OfferDiscount.objects.exists()


def test_another_brands_offer_and_shop_are_no_choice(
    connection: Connection, cast: Cast, theo: Client
) -> None:
    sent = {"connection": connection.pk, "offer": cast.tide.pk, "percent": "15"}

    assert theo.post(at(cast.juniper, "shop_codes_keep"), sent).status_code == 422
    assert not OfferDiscount.objects.exists()


def test_what_differs_comes_first_with_its_button(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    answer = theo.get(page_of(cast, discount))
    page = shown(answer)

    assert [row.code for row in answer.context["rows"]] == ["MARA15", "VIP", "DIEGO10", "JUNE20"]
    for words in (
        "Removed in the shop", "Make in the shop", "Unknown here", "End in the shop",
        "Give to a member here", "last compared",
    ):  # fmt: skip
        assert words in page, words
    assert [answer.context["counts"].here, answer.context["counts"].there] == [3, 3]
    assert answer.context["counts"].differences == 2


def test_the_lists_are_filtered_searched_and_exported(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    def codes(query: str) -> list[str]:
        return [row.code for row in theo.get(page_of(cast, discount, query)).context["rows"]]

    assert codes("?state=differences") == ["MARA15", "VIP"]
    assert codes("?state=in_step&sort=-code") == ["JUNE20", "DIEGO10"]
    assert codes("?q=lindqvist") == ["MARA15"]
    assert codes("?sort=-used")[0] == "VIP"
    file = at(cast.juniper, "compared_codes_csv", discount_id=discount.pk)
    assert csv_of(theo.get(f"{file}?state=unknown"))[1:] == [["VIP", "", "unknown", "7", ""]]
    listed = csv_of(theo.get(at(cast.juniper, "shop_codes_csv") + "?q=glow"))
    assert listed[1][3:6] == ["3", "3", "2"]
    assert len(csv_of(theo.get(at(cast.juniper, "shop_codes_csv") + "?q=nothing"))) == 1


def test_one_button_makes_a_code_that_was_removed(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    place = {"discount_id": discount.pk, "code_id": code("MARA15").pk}

    page = shown(theo.post(at(cast.juniper, "compared_code_make", **place), follow=True))
    again = shown(theo.post(at(cast.juniper, "compared_code_end", **place), follow=True))
    compare(discount)

    assert "The code will be made in the shop within a minute." in page
    assert "Nothing was changed" in again
    assert store_of(STORE).codes[discount.name]["MARA15"].is_active


def test_one_button_ends_a_code_that_is_unknown_here(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    place = {"discount_id": discount.pk, "code_id": code("VIP").pk}

    theo.post(at(cast.juniper, "compared_code_end", **place))
    compare(discount)

    assert not store_of(STORE).codes[discount.name]["VIP"].is_active


def test_chosen_codes_are_made_and_others_left_out(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    sent = {
        "selected": [code("MARA15").pk, code("VIP").pk], "action": "make", "confirmed": "1",
    }  # fmt: skip
    address = at(cast.juniper, "compared_codes_change", discount_id=discount.pk)

    page = shown(theo.post(address, sent, follow=True))

    assert "1 code will be made in the shop." in page
    assert "1 skipped" in page
    assert [code("MARA15").state, code("VIP").state] == ["to_make", "unknown"]


def test_a_code_of_the_shop_is_given_to_a_member(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    address = at(
        cast.juniper, "compared_code_give", discount_id=discount.pk, code_id=code("VIP").pk
    )

    choice = shown(theo.get(address))
    asked = shown(theo.get(f"{address}?enrollment={cast.diego_in_glow.pk}"))
    page = shown(theo.post(address, {"enrollment": cast.diego_in_glow.pk}, follow=True))

    assert "Diego Arroyo" in choice
    assert "June" not in page_text(theo.get(page_of(cast, discount, "?q=nobody")))
    assert "takes the place of the code that they have" in asked
    assert "Diego Arroyo has the code VIP now." in page
    assert PromoCode.objects.in_use().get(enrollment=cast.diego_in_glow).code == "VIP"
    assert theo.get(address).status_code == 404


def test_a_code_that_cannot_be_given_says_why(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    ComparedCode.objects.filter(code="VIP").update(code="(x)")
    address = at(
        cast.juniper, "compared_code_give", discount_id=discount.pk, code_id=code("(x)").pk
    )

    answer = theo.post(address, {"enrollment": cast.diego_in_glow.pk})

    assert answer.status_code == 422
    assert "(X) is not a code" in page_text(answer)
    assert theo.post(address, {"enrollment": cast.june_in_tide.pk}).status_code == 404


def test_a_shop_that_is_away_is_told_in_a_sentence(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    store_of(STORE).failure = ShopAwayError("The shop does not answer.")
    address = at(cast.juniper, "shop_codes_compare", discount_id=discount.pk)

    told = shown(theo.post(address, follow=True))
    compare(discount)
    page = shown(theo.get(page_of(cast, discount)))

    assert "The codes are being compared. Reload the page in a minute." in told
    assert "The codes could not be compared" in page
    assert "The shop does not answer." in page
    assert "The shop does not answer." in shown(theo.get(at(cast.juniper, "shop_codes")))


def test_stopping_asks_first_and_the_percentage_can_be_changed(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    keep = shown(theo.get(f"{at(cast.juniper, 'shop_codes_keep')}?discount={discount.pk}"))
    address = at(cast.juniper, "shop_codes_stop", discount_id=discount.pk)
    asked = shown(theo.get(address))
    assert OfferDiscount.objects.get().is_live

    page = shown(theo.post(address, follow=True))

    assert 'value="15"' in keep
    assert "use them there any more. Here the members keep them" in asked
    assert "The codes are being ended in the shop." in page
    assert "Keep in step again" in page
    assert not OfferDiscount.objects.get().is_live


def test_a_shopify_link_applies_the_code(discount: OfferDiscount, cast: Cast, theo: Client) -> None:
    assert "/discount/" not in page_text(theo.get(page_of(cast, discount)))
    with acting_for(cast.juniper):
        shopify = Connection.objects.get()
    # The kind never changes: another one with the same codes stands beside it.
    shopify.pk, shopify.kind, shopify.store, shopify.source = None, "shopify", "j.example", "j"
    shopify.public_id = "00000000-0000-4000-8000-000000000001"
    shopify.save(force_insert=True)
    other = keep_in_step(connection=shopify, offer=cast.glow, percent_bp=1500, by=SYSTEM, now=NOW)
    ComparedCode.objects.create(
        discount=other, code="DIEGO10", state="in_step", enrollment=cast.diego_in_glow
    )

    page = page_text(theo.get(page_of(cast, other)))

    host = cast.glow.destination_url.partition("://")[2].partition("/")[0]
    assert f'data-copy="https://{host}/discount/DIEGO10' in page


def test_a_viewer_sees_and_changes_nothing(discount: OfferDiscount, cast: Cast) -> None:
    vera, before = desk_of(cast.vera), snapshot()
    place = {"discount_id": discount.pk}
    of_code = place | {"code_id": code("VIP").pk}

    page = shown(vera.get(page_of(cast, discount)))

    assert "VIP" in page
    assert "Make in the shop" not in page
    for name, where in [
        ("shop_codes_compare", place), ("shop_codes_stop", place), ("compared_codes_change", place),
        ("compared_code_make", of_code), ("compared_code_end", of_code),
        ("compared_code_give", of_code), ("shop_codes_keep", {}),
    ]:  # fmt: skip
        assert vera.post(at(cast.juniper, name, **where)).status_code == 403, name
    assert snapshot() == before


def test_another_brand_finds_nothing(discount: OfferDiscount, cast: Cast) -> None:
    otto, place = desk_of(cast.otto), {"discount_id": discount.pk}

    assert list(otto.get(at(cast.saltmarsh, "shop_codes")).context["rows"]) == []
    assert otto.get(at(cast.saltmarsh, "compared_codes", **place)).status_code == 404
    assert otto.post(at(cast.saltmarsh, "shop_codes_compare", **place)).status_code == 404


def test_the_pages_take_as_many_queries_for_three_as_for_one(
    discount: OfferDiscount, cast: Cast, theo: Client
) -> None:
    ComparedCode.objects.exclude(code="VIP").delete()
    one = queries_of(theo, page_of(cast, discount))
    for text in ("A1", "A2"):
        ComparedCode.objects.create(
            discount=discount, code=text, state="missing", enrollment=cast.mara_in_glow
        )

    assert queries_of(theo, page_of(cast, discount)) == one
