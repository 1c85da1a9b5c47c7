"""The link in every mail: a page on GET, unsubscribed on POST, nothing for a forged one."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client

from core.tenancy import acting_for
from notifications.models import Suppression, SuppressionReason
from notifications.unsubscribe_links import unsubscribe_link
from tests.answers import page_text
from tests.cast import Cast

ADDRESS = "june@okafor.example"


def path_for(cast: Cast, address: str = ADDRESS) -> str:
    return urlsplit(unsubscribe_link(brand_id=cast.juniper.pk, address=address)).path


def suppressed(cast: Cast) -> list[tuple[str, str]]:
    with acting_for(cast.juniper):
        return list(Suppression.objects.values_list("address", "reason"))


def test_opening_the_link_changes_nothing(cast: Cast, client: Client) -> None:
    page = client.get(path_for(cast))

    assert page.status_code == 200
    assert "Juniper &amp; Co" in page_text(page)
    assert ADDRESS in page_text(page)
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert suppressed(cast) == []


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_posting_unsubscribes_without_login_or_cookie(cast: Cast, body: dict[str, str]) -> None:
    outsider = Client(enforce_csrf_checks=True)

    page = outsider.post(path_for(cast), body)
    outsider.post(path_for(cast), body)

    assert page.status_code == 200
    assert "You are unsubscribed" in page_text(page)
    assert suppressed(cast) == [(ADDRESS, SuppressionReason.UNSUBSCRIBED)]
    assert outsider.cookies == {}


def test_unsubscribing_is_from_one_brand(cast: Cast, client: Client) -> None:
    client.post(path_for(cast))

    with acting_for(cast.saltmarsh):
        assert Suppression.objects.count() == 0


def test_a_link_altered_by_any_one_character_does_nothing(cast: Cast, client: Client) -> None:
    path = path_for(cast)
    start = len("/u/")
    unknown = client.post("/u/nonsense")
    for index in range(start, len(path)):
        other = "B" if path[index] == "A" else "A"
        altered = f"{path[:index]}{other}{path[index + 1 :]}"

        page = client.post(altered)

        assert (page.status_code, page.content) == (404, unknown.content)
    assert suppressed(cast) == []


def test_a_link_signed_with_an_older_key_still_works(
    cast: Cast, client: Client, settings: object
) -> None:
    path = path_for(cast)
    old = settings.LINK_KEYS  # type: ignore[attr-defined]
    settings.LINK_KEYS = ["new", *old]  # type: ignore[attr-defined]

    assert path_for(cast) != path
    assert client.get(path).status_code == 200

    settings.LINK_KEYS = ["new"]  # type: ignore[attr-defined]
    assert client.get(path).status_code == 404
