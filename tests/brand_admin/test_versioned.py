"""Two people edit one thing: the later one is told what changed, and loses nothing they typed."""

from __future__ import annotations

import re
import threading
from html import unescape

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Brand
from affiliates.models import Member
from core.tenancy import acting_for
from core.versions import ChangedMeanwhileError
from offers.models import Offer, OfferStatus
from offers.services import change_offer, set_offer_status
from tests.answers import Answer
from tests.brand_admin.desk import at, desk_of
from tests.cast import NOW, SYSTEM, Cast, assemble, offer_values

pytestmark = pytest.mark.usefixtures("at_noon")


def fields(response: Answer) -> dict[str, str]:
    """What a browser would send of the page's form as it stands."""
    form = response.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    return {
        name: "on" if value is True else "\n".join(value) if isinstance(value, list) else str(value)
        for name, value in sent.items()
        if value not in (None, False, "")
    }


def words(response: Answer) -> str:
    """The text of the page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


def offer_of(cast: Cast) -> Offer:
    with acting_for(cast.juniper):
        return Offer.objects.get(pk=cast.glow.pk)


def both_open(cast: Cast, path: str) -> tuple[Client, Client, dict[str, str]]:
    """Ines and Theo with the same page open, and what it holds."""
    ines, theo = desk_of(cast.ines), desk_of(cast.theo)
    ines.get(path)
    return ines, theo, fields(theo.get(path))


def test_the_later_one_is_told_and_keeps_what_they_typed(cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    ines, theo, opened = both_open(cast, path)

    first = ines.post(path, opened | {"click_window_days": "30", "name": "Glow by Ines"})
    second = theo.post(path, opened | {"name": "Glow by Theo", "description": "Theo's note"})

    assert (first.status_code, second.status_code) == (302, 409)
    said = words(second)
    assert "Ines Castell changed this offer at 12:00, after you opened it." in said
    assert (
        "Name: you have “Glow by Theo”, they made it “Glow by Ines”. Saving overwrites theirs"
    ) in said
    assert "Click window: now “30”, changed by them; it was “28”." in said
    shown = fields(second)
    assert (shown["name"], shown["description"], shown["click_window_days"]) == (
        "Glow by Theo",
        "Theo's note",
        "30",
    )
    assert (offer_of(cast).name, offer_of(cast).description) == ("Glow by Ines", "")


def test_saving_again_is_then_a_decision(cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    ines, theo, opened = both_open(cast, path)
    ines.post(path, opened | {"click_window_days": "30", "name": "Glow by Ines"})
    told = theo.post(path, opened | {"name": "Glow by Theo"})

    answer = theo.post(path, fields(told))

    assert answer.status_code == 302
    offer = offer_of(cast)
    assert (offer.name, offer.click_window_days, offer.version) == ("Glow by Theo", 30, 3)


def test_a_box_that_was_unticked_meanwhile_is_taken_over(cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    ines, theo, opened = both_open(cast, path)
    without = {name: value for name, value in opened.items() if name != "deep_links_allowed"}
    ines.post(path, without)

    told = theo.post(path, opened | {"description": "mine"})

    assert "deep_links_allowed" not in fields(told)
    theo.post(path, fields(told))
    assert (offer_of(cast).deep_links_allowed, offer_of(cast).description) == (False, "mine")


def test_a_third_change_in_between_is_told_too(cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    ines, theo, opened = both_open(cast, path)
    ines.post(path, opened | {"name": "One"})
    told = theo.post(path, opened | {"name": "Theo's"})
    ines.post(path, fields(ines.get(path)) | {"name": "Two"})

    again = theo.post(path, fields(told))

    assert again.status_code == 409
    assert "they made it “Two”" in words(again)
    assert offer_of(cast).name == "Two"


def test_saving_nothing_new_makes_no_version(cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    theo = desk_of(cast.theo)

    theo.post(path, fields(theo.get(path)))

    assert offer_of(cast).version == 1


def test_an_edit_does_not_undo_a_pause_that_came_meanwhile(cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    theo = desk_of(cast.theo)
    opened = fields(theo.get(path))
    with acting_for(cast.juniper):
        set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)

    told = theo.post(path, opened | {"name": "New name"})
    theo.post(path, fields(told))

    assert told.status_code == 409
    assert "nothing in this form differs, so you can save" in words(told)
    assert (offer_of(cast).name, offer_of(cast).status) == ("New name", OfferStatus.PAUSED)


@pytest.mark.parametrize("version", ["", "x", "-1"])
def test_a_form_that_does_not_say_its_version_saves_nothing(version: str, cast: Cast) -> None:
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    theo = desk_of(cast.theo)
    opened = fields(theo.get(path))

    answer = theo.post(path, opened | {"name": "New", "version": version})

    assert answer.status_code == 422
    assert offer_of(cast).name == "Winter Glow creators"


@pytest.mark.parametrize("opened", ["", "[", "[1]", "null", "x" * 50])
def test_what_the_form_was_opened_with_may_be_spoiled(opened: str, cast: Cast) -> None:
    """It only tells what changed; the version alone decides."""
    path = at(cast.juniper, "offer_edit", offer_id=cast.glow.pk)
    ines, theo, sent = both_open(cast, path)
    ines.post(path, sent | {"name": "Ines"})

    answer = theo.post(path, sent | {"name": "Theo", "opened": opened})

    assert answer.status_code == 409
    assert fields(answer)["name"] == "Theo"


def test_the_brands_settings_are_versioned_too(cast: Cast) -> None:
    path = at(cast.juniper, "settings")
    owner, same = desk_of(cast.ines), desk_of(cast.ines)
    opened = fields(owner.get(path))
    owner.post(path, opened | {"sender_name": "Ines"})

    answer = same.post(path, opened | {"name": "Juniper Ltd"})

    assert answer.status_code == 409
    assert "Sender name: now “Ines”" in words(answer)
    assert "Ines Castell changed these settings" in words(answer)
    same.post(path, fields(answer))
    brand = Brand.objects.get(pk=cast.juniper.pk)
    assert (brand.name, brand.sender_name, brand.version) == ("Juniper Ltd", "Ines", 3)


def test_a_members_details_are_versioned_too(cast: Cast) -> None:
    path = at(cast.juniper, "member_edit", member_id=cast.mara.pk)
    ines, theo, opened = both_open(cast, path)
    ines.post(path, opened | {"email": "mara@new.example"})

    answer = theo.post(path, opened | {"last_name": "Lind"})

    assert answer.status_code == 409
    assert "Email: now “mara@new.example”" in words(answer)
    theo.post(path, fields(answer))
    with acting_for(cast.juniper):
        mara = Member.objects.get(pk=cast.mara.pk)
    assert (mara.email, mara.last_name, mara.version) == ("mara@new.example", "Lind", 3)


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_the_same_moment_do_not_both_win() -> None:
    cast = assemble()
    start, refused = threading.Barrier(2), []

    def save(name: str) -> None:
        start.wait()
        with acting_for(cast.juniper):
            try:
                change_offer(
                    offer=cast.glow,
                    values=offer_values(name=name),
                    by=SYSTEM,
                    now=NOW,
                    seen_version=1,
                )
            except ChangedMeanwhileError:
                refused.append(name)
        connection.close()

    threads = [threading.Thread(target=save, args=[name]) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert offer_of(cast).name == ({"One", "Two"} - {*refused}).pop()
