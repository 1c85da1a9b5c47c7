"""Settings: the brand, its staff, its API keys and the audit log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from accounts.api_keys import KeyRefusedError, authenticate_api_key
from accounts.models import ApiKey, Brand, Staff, User
from affiliates.services import add_member
from core.tenancy import acting_for
from payouts.services import adjust
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, logged, new_key, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")


def staff_of(cast: Cast, user: User) -> Staff | None:
    with acting_for(cast.juniper):
        return Staff.objects.filter(user=user).first()


def brand_form(**changes: str) -> dict[str, str]:
    """What an owner sends; as the brand was at first unless `version` says otherwise."""
    return {
        "version": "1",
        "name": "Juniper & Co",
        "has_accent": "on",
        "accent": "#7A1FA2",
        "sender_name": "Ines from Juniper",
        "reply_to": "hello@juniper.example",
        "postal_address": "1 Test Street\r\nLondon EC1A 1AA",
        "clicks_kept_months": "13",
    } | changes


def test_an_owner_changes_how_the_brand_appears(cast: Cast) -> None:
    ines = desk_of(cast.ines)

    page = shown(ines.post(at(cast.juniper, "settings"), brand_form(name="Juniper"), follow=True))

    assert "Saved." in page
    brand = Brand.objects.get(pk=cast.juniper.pk)
    assert (brand.name, brand.accent, brand.sender_name, brand.reply_to) == (
        "Juniper",
        "#7a1fa2",
        "Ines from Juniper",
        "hello@juniper.example",
    )
    assert "7a1fa2" in page


def test_items_are_sent_automatically_when_the_owner_turns_it_on(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings")

    ines.post(address, brand_form(sends_items_automatically="on"))
    assert Brand.objects.get(pk=cast.juniper.pk).sends_items_automatically
    ines.post(address, brand_form(version="2"))

    assert not Brand.objects.get(pk=cast.juniper.pk).sends_items_automatically


def test_automatic_mails_need_a_postal_address_which_is_kept_in_lines(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings")
    before = snapshot()

    refused = ines.post(address, brand_form(postal_address=" ", sends_items_automatically="on"))

    assert refused.status_code == 422
    assert "Mails that are sent automatically need it: enter it." in page_text(refused)
    assert snapshot() == before
    ines.post(address, brand_form(postal_address=" 9 Elm  Road \r\n\r\nLeeds\r\n"))
    assert Brand.objects.get(pk=cast.juniper.pk).postal_address == "9 Elm Road\nLeeds"


def test_the_brands_own_colour_can_be_given_up(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings")
    ines.post(address, brand_form())
    form = brand_form(version="2")
    del form["has_accent"]

    ines.post(address, form)

    assert Brand.objects.get(pk=cast.juniper.pk).accent == ""


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "This field is required."),
        ("accent", "teal", "A colour is # and six digits, such as #007a85."),
        ("reply_to", "hello", "Enter a valid email address."),
    ],
)
def test_a_wrong_setting_is_refused(field: str, value: str, said: str, cast: Cast) -> None:
    ines = desk_of(cast.ines)
    before = snapshot()

    response = ines.post(at(cast.juniper, "settings"), brand_form(**{field: value}))

    assert response.status_code == 422
    assert said in page_text(response)
    assert snapshot() == before


def test_currency_and_time_zone_are_shown_and_fixed(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings")
    sell(cast)

    page = shown(ines.get(address))
    ines.post(address, brand_form(currency="USD", time_zone="Asia/Tokyo"))

    assert "Europe/London" in page
    assert "Changing them would change the past" in page
    brand = Brand.objects.get(pk=cast.juniper.pk)
    assert (brand.currency, brand.time_zone) == ("GBP", "Europe/London")


def test_a_role_is_changed(cast: Cast) -> None:
    theo = staff_of(cast, cast.theo)
    assert theo is not None

    desk_of(cast.ines).post(at(cast.juniper, "staff_role", staff_id=theo.pk), {"role": "owner"})

    changed = staff_of(cast, cast.theo)
    assert changed is not None
    assert changed.role == "owner"


def test_someone_is_removed_after_being_asked(cast: Cast) -> None:
    ines, vera = desk_of(cast.ines), staff_of(cast, cast.vera)
    assert vera is not None
    address = at(cast.juniper, "staff_remove", staff_id=vera.pk)

    asked = shown(ines.get(address))
    assert staff_of(cast, cast.vera) is not None
    page = shown(ines.post(address, follow=True))

    assert "loses access" in asked
    assert "Vera Lund has no access any more." in page
    assert staff_of(cast, cast.vera) is None
    assert desk_of(cast.vera).get(at(cast.juniper, "home")).status_code == 404


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("staff_remove", {}),
        ("staff_role", {"role": "viewer"}),
    ],
)
def test_the_last_owner_stays(name: str, sent: dict[str, str], cast: Cast) -> None:
    ines, row = desk_of(cast.ines), staff_of(cast, cast.ines)
    assert row is not None
    before = snapshot()

    response = ines.post(at(cast.juniper, name, staff_id=row.pk), sent, follow=True)

    assert "A brand needs an owner: make someone else one first" in page_text(response)
    assert snapshot() == before


def test_an_owner_may_go_once_there_is_another(cast: Cast) -> None:
    ines, row, theo = desk_of(cast.ines), staff_of(cast, cast.ines), staff_of(cast, cast.theo)
    assert row is not None
    assert theo is not None
    ines.post(at(cast.juniper, "staff_role", staff_id=theo.pk), {"role": "owner"})

    response = ines.post(at(cast.juniper, "staff_remove", staff_id=row.pk))

    assert response["Location"] == "/admin/"
    assert staff_of(cast, cast.ines) is None


def test_a_new_key_is_shown_once(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "developers")

    response = ines.post(address, new_key("Our shop"))

    found = re.search(r'data-copy="(trb_[^"]+)"', shown(response))
    assert found
    secret = found[1]
    assert authenticate_api_key(secret=secret, now=NOW).label == "Our shop"
    assert "no-store" in response["Cache-Control"]
    later = shown(ines.get(address))
    assert "Our shop" in later
    assert secret not in later


def test_a_key_needs_a_name(cast: Cast) -> None:
    response = desk_of(cast.ines).post(at(cast.juniper, "developers"), new_key(""))

    assert response.status_code == 422
    with acting_for(cast.juniper):
        assert not ApiKey.objects.exists()


def test_a_revoked_key_stops_at_once_after_being_asked(cast: Cast) -> None:
    ines = desk_of(cast.ines)
    page = shown(ines.post(at(cast.juniper, "developers"), new_key("Our shop")))
    secret = re.findall(r'data-copy="(trb_[^"]+)"', page)[0]
    with acting_for(cast.juniper):
        address = at(cast.juniper, "key_revoke", key_id=ApiKey.objects.get().pk)

    asked = shown(ines.get(address))
    authenticate_api_key(secret=secret, now=NOW)
    listed = shown(ines.post(address, follow=True))

    assert "stops working at once" in asked
    assert "Revoked" in listed
    with pytest.raises(KeyRefusedError):
        authenticate_api_key(secret=secret, now=NOW)


def test_the_audit_log_tells_who_did_what(cast: Cast) -> None:
    sell(cast)
    ines = desk_of(cast.ines)
    ines.post(at(cast.juniper, "developers"), new_key("Our shop"))

    response = desk_of(cast.vera).get(at(cast.juniper, "settings_audit"))

    newest, before, *_ = logged(response)
    assert (newest.actor, newest.words) == (
        "Ines Castell <ines@juniper.example>",
        "made the API key Our shop",
    )
    assert before.words == "recorded the order 1001"


def test_the_audit_log_names_what_something_was_done_to(cast: Cast) -> None:
    vera, address = desk_of(cast.vera), at(cast.juniper, "settings_audit")

    given = logged(vera.get(address + "?q=code.given+mara15"))
    added = logged(vera.get(address + "?q=member.added"))

    assert [line.name for line in given] == ["Mara Lindqvist in Winter Glow creators"]
    assert "Mara Lindqvist" in {line.name for line in added}
    assert [line.target.split()[:2] for line in given] == [["promo", "code"]]


def test_names_cost_the_audit_log_a_query_for_each_kind_of_thing(cast: Cast) -> None:
    sell(cast, "1001")
    vera, address = desk_of(cast.vera), at(cast.juniper, "settings_audit") + "?about=members"
    before = queries_of(vera, address)

    with acting_for(cast.juniper):
        for name in ("Ana", "Bea"):
            add_member(
                email=f"{name}@bee.example", first_name=name, last_name="", by=SYSTEM, now=NOW
            )

    assert queries_of(vera, address) == before


def test_the_audit_log_is_searched_and_holds_no_other_brand(cast: Cast) -> None:
    vera, address = desk_of(cast.vera), at(cast.juniper, "settings_audit")

    found = logged(vera.get(address + "?q=code.given"))
    everything = logged(vera.get(address))

    assert {line.words for line in found} == {
        "gave the code MARA15",
        "gave the code DIEGO10",
        "gave the code JUNE20",
    }
    assert "gave the code JUNETIDE" not in {line.words for line in everything}


def test_the_pages_take_as_many_queries_for_three_as_for_one(cast: Cast) -> None:
    ines, keys = desk_of(cast.ines), at(cast.juniper, "developers")
    ines.post(keys, new_key("one"))
    assert queries_of(ines, keys) == 9
    assert queries_of(ines, at(cast.juniper, "settings_staff")) == 6  # three people

    for label in ("two", "three"):
        ines.post(keys, new_key(label))

    assert queries_of(ines, keys) == 9


@pytest.mark.parametrize("words", ["adjustment", "posted+video", "LAUNCH", "gave+code+mara15"])
def test_the_audit_log_is_searched_in_the_words_that_it_shows(cast: Cast, words: str) -> None:
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=500, note="Launch video",
            by=SYSTEM, now=NOW,
        )  # fmt: skip

    page = desk_of(cast.vera).get(f"{at(cast.juniper, 'settings_audit')}?q={words}")

    (line,) = logged(page)
    assert line.words in {"posted an adjustment: Launch video", "gave the code MARA15"}


def test_the_audit_log_is_filtered_by_what_it_is_about_and_by_day(
    cast: Cast, time_machine: Any
) -> None:
    sell(cast)
    time_machine.move_to(NOW + timedelta(days=2), tick=False)
    desk_of(cast.ines).post(at(cast.juniper, "developers"), new_key("Our shop"))
    vera, address = desk_of(cast.vera), at(cast.juniper, "settings_audit")

    def words(query: str) -> set[str]:
        return {line.words for line in logged(vera.get(address + query))}

    assert words("?about=sales") == {"recorded the order 1001"}
    assert "made the API key Our shop" in words("?about=brand")
    assert words("?first=2026-11-22") == {"made the API key Our shop"}
    assert "made the API key Our shop" not in words("?last=2026-11-21")
    assert words("?about=nonsense&first=x") == words("")


def test_the_audit_log_is_exported_as_it_is_filtered(cast: Cast) -> None:
    sell(cast)
    address = at(cast.juniper, "settings_audit_csv")

    lines = csv_of(desk_of(cast.vera).get(address + "?about=sales"))

    assert lines[0] == ["time", "who", "what", "which", "action"]
    assert [(line[0], line[1], line[2], line[4]) for line in lines[1:]] == [
        ("2026-11-20T12:00:00+00:00", "test", "recorded the order 1001", "order.recorded")
    ]
