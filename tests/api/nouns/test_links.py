"""Links by API: labels, slugs, and the brand's domain."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.nouns.stage import Stage
from tests.cast import NOW
from tests.snapshot import snapshot
from tracking.models import LinkDomain, TrackingLink

PAGE = "https://juniper.example/gift"


def make(stage: Stage, **sent: Any) -> Any:
    return stage.send("POST", "/links", {"enrollments": [stage.id("enrollment")], **sent})


def test_a_deep_link_is_made_with_its_label_and_slug(stage: Stage) -> None:
    answer = make(stage, destination_url=PAGE, label="Gift video", slug="Mara Gifts")

    [made] = answer.json()["data"]
    assert answer.status_code == 201
    assert (made["label"], made["slug"]) == ("Gift video", "mara-gifts")
    assert made["url"] == "http://testserver/r/mara-gifts"


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"slug": "admin", "destination_url": PAGE}, "slug", "is taken"),
        ({"slug": "a/b", "destination_url": PAGE}, "slug", "3 to 40"),
        ({"label": "x" * 61, "destination_url": PAGE}, "label", "60"),
        ({"destination_url": "http://127.0.0.1:1/"}, "destination_url", "address of the shop"),
        ({"destination_url": "http://testserver/r/x"}, "destination_url", "tracking links begin"),
    ],
)
def test_what_is_refused_names_its_field_and_leaves_nothing(
    stage: Stage, sent: dict[str, str], field: str, said: str
) -> None:
    before = snapshot()

    answer = make(stage, **sent)

    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert problem["field"] == field
    assert said in problem["message"]
    assert snapshot() == before


def test_one_slug_is_for_one_link(stage: Stage) -> None:
    both = [stage.id("enrollment"), stage.id("indebted")]

    answer = make(stage, enrollments=both, destination_url=PAGE, slug="gifts")

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "slug"


def test_what_is_left_out_stays(stage: Stage) -> None:
    path = f"/links/{stage.id('link')}"
    first = stage.send("PATCH", path, {"slug": "mara"}).json()
    second = stage.send("PATCH", path, {"label": "Bio"}).json()
    third = stage.send("PATCH", path, {"label": "", "slug": None}).json()

    assert (first["slug"], first["label"]) == ("mara", "")
    assert (second["slug"], second["label"]) == ("mara", "Bio")
    assert (third["slug"], third["label"]) == ("mara", "")


def test_links_are_shown_with_the_domain_that_works(stage: Stage) -> None:
    row = stage.rows["link_domain"]
    before = stage.get(f"/link-domains/{stage.id('link_domain')}").json()
    with stage.at_juniper():
        LinkDomain.objects.filter(pk=row.pk).update(verified_at=NOW, problem="")
        slug = TrackingLink.objects.get(pk=stage.rows["link"].pk).slug

    after = stage.get(f"/link-domains/{stage.id('link_domain')}").json()

    assert (before["works"], before["is_shown"], before["problem"]) == (False, False, "not_checked")
    assert (after["works"], after["is_shown"], after["problem"]) == (True, True, None)
    url = f"https://go.juniper.example/{slug}"
    assert stage.get(f"/links/{stage.id('link')}").json()["url"] == url
    assert stage.get(f"/enrollments/{stage.id('enrollment')}").json()["link"] == url
