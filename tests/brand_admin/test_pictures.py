"""The logo of the brand and the image of an offer: uploaded, shown to everybody, taken away."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Brand
from core.tenancy import acting_for
from notifications.brand_style import brand_style_of
from notifications.rendering import prepare
from offers.dashboard_links import url_for
from offers.models import Offer
from tests.accounts.test_pictures import drawn
from tests.brand_admin.desk import at, desk_of, shown
from tests.cast import Cast
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")


def file(content: bytes | None = None, name: str = "logo.png") -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(name, drawn() if content is None else content)}


def logo_of(cast: Cast) -> str:
    return Brand.objects.get(pk=cast.juniper.pk).logo


def image_of(cast: Cast) -> str:
    with acting_for(cast.juniper):
        return Offer.objects.get(pk=cast.glow.pk).image


def test_a_logo_is_in_the_admin_and_in_mails(cast: Cast) -> None:
    ines = desk_of(cast.ines)

    ines.post(at(cast.juniper, "settings_logo"), file())

    address = f"/pictures/juniper/{logo_of(cast)}"
    assert address in shown(ines.get(at(cast.juniper, "home")))
    mail = prepare(
        subject="s", body="b", style=brand_style_of(Brand.objects.get(pk=cast.juniper.pk))
    )
    assert f'{address}"' in mail.html


def test_members_see_logo_and_image(cast: Cast) -> None:
    desk_of(cast.ines).post(at(cast.juniper, "settings_logo"), file())
    desk_of(cast.theo).post(at(cast.juniper, "offer_image", offer_id=cast.glow.pk), file())
    path = "/d/" + url_for(cast.mara_in_glow).rpartition("/d/")[2]

    page = shown(Client().get(path))

    assert f"/pictures/juniper/{logo_of(cast)}" in page
    assert f"/pictures/juniper/{image_of(cast)}" in page


def test_a_picture_is_for_everybody_and_for_ever(cast: Cast) -> None:
    desk_of(cast.theo).post(at(cast.juniper, "offer_image", offer_id=cast.glow.pk), file())

    answer = Client().get(f"/pictures/juniper/{image_of(cast)}")

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_picture_of_another_brand_is_not_found_under_this_one(cast: Cast) -> None:
    desk_of(cast.theo).post(at(cast.juniper, "offer_image", offer_id=cast.glow.pk), file())
    missing = Client().get("/pictures/juniper/none")

    for path in (f"/pictures/saltmarsh/{image_of(cast)}", f"/pictures/none/{image_of(cast)}"):
        answer = Client().get(path)
        assert (answer.status_code, answer.content) == (404, missing.content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg/>", "This is not a PNG, JPEG or WebP picture."),
        (drawn()[:70], "The picture is damaged."),
        (b"x" * 3_000_001, "The file is larger than 3 MB."),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes, said: str, cast: Cast) -> None:
    ines, theo = desk_of(cast.ines), desk_of(cast.theo)
    before = snapshot()

    answers = [
        ines.post(at(cast.juniper, "settings_logo"), file(content)),
        theo.post(at(cast.juniper, "offer_image", offer_id=cast.glow.pk), file(content)),
    ]

    for answer in answers:
        assert answer.status_code == 422
        assert answer.context["form"].errors["file"] == [said]
    assert snapshot() == before


def test_nothing_chosen_is_said(cast: Cast) -> None:
    answer = desk_of(cast.ines).post(at(cast.juniper, "settings_logo"), {})

    assert answer.status_code == 422
    assert answer.context["form"].errors["file"] == ["Choose a picture."]


def test_they_are_taken_away(cast: Cast) -> None:
    ines, theo = desk_of(cast.ines), desk_of(cast.theo)
    image = at(cast.juniper, "offer_image", offer_id=cast.glow.pk)
    ines.post(at(cast.juniper, "settings_logo"), file())
    theo.post(image, file())

    ines.post(at(cast.juniper, "settings_logo"), {"remove": "on"})
    theo.post(image, {"remove": "on"})

    assert (logo_of(cast), image_of(cast)) == ("", "")


def test_a_manager_sets_no_logo_and_a_viewer_no_image(cast: Cast) -> None:
    theo, vera = desk_of(cast.theo), desk_of(cast.vera)
    before = snapshot()

    answers = [
        theo.post(at(cast.juniper, "settings_logo"), file()),
        vera.post(at(cast.juniper, "offer_image", offer_id=cast.glow.pk), file()),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert snapshot() == before
