"""The language a page is in: the browser's, until the reader chooses one, which is kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from affiliates.logins import user_for_proven_address
from affiliates.models import Creator
from core.tenancy import acting_for
from notifications.unsubscribe_links import unsubscribe_link
from offers.services import renew_dashboard_link
from tests.answers import page_text
from tests.cast import Cast
from tests.snapshot import snapshot

GERMAN = {"Accept-Language": "de-CH,de;q=0.9,en;q=0.8"}


def language_of(answer: Any) -> str:
    page = page_text(answer)
    return page.partition('<html lang="')[2].partition('"')[0]


def creator_of_mara(cast: Cast) -> Creator:
    return Creator.objects.get(email=cast.mara.email)


@pytest.fixture
def unsubscribe_path(cast: Cast) -> str:
    link = unsubscribe_link(brand_id=cast.juniper.pk, address=cast.mara.email)
    return urlsplit(link).path


def test_a_page_is_in_the_browsers_language(
    cast: Cast, client: Client, path: str, unsubscribe_path: str
) -> None:
    for page in (path, f"{path}/why", "/portal/login/", unsubscribe_path, "/u/none", "/nowhere"):
        answer = client.get(page, headers=GERMAN)
        assert language_of(answer) == "de", page
        assert answer["Content-Language"] == "de"
        assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
        assert answer.cookies.get("language") is None


@pytest.mark.parametrize("accepted", ["", "it,pt;q=0.5", "xx-YY", "\N{SNOWMAN}"])
def test_a_language_we_do_not_have_is_english(client: Client, path: str, accepted: str) -> None:
    answer = client.get(path, headers={"Accept-Language": accepted})

    assert language_of(answer) == "en"


def test_staff_and_machines_are_spoken_to_in_english(cast: Cast, client: Client) -> None:
    client.force_login(cast.ines)

    for page in ("/admin/juniper/", "/account/logout/", "/admin/nowhere/"):
        answer = client.get(page, headers=GERMAN)
        assert language_of(answer) == "en", page
        assert answer.get("Content-Language") is None


def test_a_choice_on_the_dashboard_is_kept_for_pages_and_mails(
    cast: Cast, client: Client, path: str
) -> None:
    wanted = f"{path}?range=month"

    answer = client.post(
        f"{path}/language",
        {"language": "es", "next": wanted},
        headers={"Accept-Language": "en-US,es-MX;q=0.5"},
    )

    assert (answer.status_code, answer["Location"]) == (302, wanted)
    assert answer["Referrer-Policy"] == "no-referrer"
    kept = answer.cookies["language"]
    assert (kept.value, kept["samesite"], kept["httponly"]) == ("es", "Lax", True)
    assert language_of(client.get(wanted, headers=GERMAN)) == "es"
    assert creator_of_mara(cast).language == "es-mx"


def test_a_choice_in_the_portal_is_kept_for_pages_and_mails(cast: Cast, client: Client) -> None:
    user = user_for_proven_address(email=cast.mara.email, now=cast.now)
    assert user is not None
    client.force_login(user)

    answer = client.post("/language", {"language": "fr", "next": "/portal/"})

    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    assert language_of(client.get("/portal/", headers=GERMAN)) == "fr"
    assert creator_of_mara(cast).language == "fr"


def test_a_choice_of_somebody_unknown_is_kept_in_the_browser_alone(
    cast: Cast, client: Client, unsubscribe_path: str
) -> None:
    before = snapshot()

    answer = client.post("/language", {"language": "de", "next": unsubscribe_path})

    assert answer["Location"] == unsubscribe_path
    assert language_of(client.get(unsubscribe_path)) == "de"
    assert snapshot() == before


@pytest.mark.parametrize("language", ["it", "", "de; DROP", "e" * 9_000, "\0"])
def test_another_language_is_not_kept(cast: Cast, client: Client, path: str, language: str) -> None:
    before = snapshot()

    for address in (f"{path}/language", "/language"):
        answer = client.post(address, {"language": language})
        assert answer.status_code == 302
        assert answer.cookies.get("language") is None

    assert snapshot() == before


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "\0"],
)
def test_the_way_back_never_leads_elsewhere(client: Client, path: str, elsewhere: str) -> None:
    given = {"language": "de", "next": elsewhere}

    assert client.post(f"{path}/language", given)["Location"] == path
    assert client.post("/language", given)["Location"] == "/portal/"


def test_opening_the_address_of_the_form_changes_nothing(
    cast: Cast, client: Client, path: str
) -> None:
    before = snapshot()

    assert client.get(f"{path}/language?language=de")["Location"] == path
    assert client.get("/language?language=de").status_code == 405

    assert client.cookies.get("language") is None
    assert snapshot() == before


def test_a_choice_needs_a_link_that_works(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        renew_dashboard_link(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)
    neutral = client.get(path).content

    answer = client.post(f"{path}/language", {"language": "de"})

    assert (answer.status_code, answer.content) == (404, neutral)
    assert answer.cookies.get("language") is None
    assert creator_of_mara(cast).language == ""


@pytest.mark.parametrize("accepted", ["en", "es", "de", "fr"])
def test_links_that_do_not_open_are_one_page_in_each_language(
    cast: Cast, client: Client, path: str, accepted: str
) -> None:
    with acting_for(cast.juniper):
        renew_dashboard_link(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)
    headers = {"Accept-Language": accepted}

    answers = [
        client.get(page, headers=headers)
        for page in (path, f"{path}/why", "/d/unknown", "/d/", f"/d/{'é' * 43}", "/d/a/b/c")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    for answer in answers:
        del answer.headers["X-Request-Id"]  # each has one of its own
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert {language_of(answer) for answer in answers} == {accepted}
