"""Which language is spoken, and how amounts and dates follow the reader's country."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from django.utils.translation import get_language

from core.languages import chosen_tag, speaking, spoken_tag, supported, tag_for
from core.money import Money
from core.templatetags.display import day, money, rate, short_money, time_zone_name

MORNING = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
SPACE = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


def asking(accepted: str = "", *, cookie: str = "") -> HttpRequest:
    request = RequestFactory().get("/", headers={"Accept-Language": accepted} if accepted else None)
    if cookie:
        request.COOKIES["language"] = cookie
    return request


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("de", "de"),
        ("de-AT", "de-at"),
        ("es_MX", "es-mx"),
        ("es-419", "es-419"),
        ("de-XX", "de"),
        ("de-a-b-c", "de"),
        ("it", ""),
        ("pt-BR", ""),
        ("", ""),
        ("*", ""),
        ("de\0", ""),
        ("x" * 5_000, ""),
    ],
)
def test_a_tag_is_one_of_our_languages_perhaps_with_a_country(tag: str, known: str) -> None:
    assert supported(tag) == known


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de-ch"),
        ("es-MX", "es-mx"),
        ("en-US,en;q=0.9", "en-us"),
        ("it-IT,it;q=0.9,fr-CA;q=0.7,en;q=0.5", "fr-ca"),
        ("it,pt", "en"),
        ("nonsense;;;q=,,", "en"),
        ("fr;q=0.2,de;q=0.9", "de"),
    ],
)
def test_the_browser_says_the_language_and_the_country(accepted: str, tag: str) -> None:
    assert tag_for(asking(accepted)) == tag


def test_a_choice_goes_before_what_the_browser_says() -> None:
    assert tag_for(asking("en-US,en;q=0.9", cookie="de")) == "de"
    assert tag_for(asking("en-US,es-AR;q=0.5", cookie="es")) == "es-ar"
    assert tag_for(asking("fr", cookie="klingon")) == "fr"


def test_a_form_chooses_one_of_our_languages() -> None:
    post = RequestFactory().post

    assert chosen_tag(post("/", {"language": "es"}, headers={"Accept-Language": "es-MX"})) == (
        "es-mx"
    )
    assert chosen_tag(post("/", {"language": "it"})) == ""
    assert chosen_tag(post("/")) == ""


def test_a_language_is_spoken_for_as_long_as_it_is_asked_for() -> None:
    before = get_language(), spoken_tag()

    with speaking("es-MX"):
        assert (get_language(), spoken_tag()) == ("es", "es-mx")
        with speaking("nonsense"):
            assert (get_language(), spoken_tag()) == ("en", "en")
        assert spoken_tag() == "es-mx"

    assert (get_language(), spoken_tag()) == before


@pytest.mark.parametrize(
    ("tag", "amount", "short", "percent", "date"),
    [
        ("en", "US$1,284.50", "US$1,284", "12.5%", "22 Nov 2026"),
        ("en-us", "$1,284.50", "$1,284", "12.5%", "Nov 22, 2026"),
        ("es", f"1.284,50{SPACE}US$", f"1.284{SPACE}US$", f"12,5{SPACE}%", "22 nov 2026"),
        ("es-mx", f"USD{SPACE}1,284.50", f"USD{SPACE}1,284", "12.5%", "22 nov 2026"),
        ("de", f"1.284,50{SPACE}$", f"1.284{SPACE}$", f"12,5{SPACE}%", "22. Nov. 2026"),
        (
            "fr",
            f"1{NARROW}284,50{SPACE}$US",
            f"1{NARROW}284{SPACE}$US",
            f"12,5{SPACE}%",
            "22 nov. 2026",
        ),
    ],
)
def test_amounts_and_dates_follow_the_readers_country(
    tag: str, amount: str, short: str, percent: str, date: str
) -> None:
    with speaking(tag):
        assert money(Money(128_450, "USD")) == amount
        assert short_money(Money(128_450, "USD")) == amount
        assert short_money(Money(128_400, "USD")) == short
        assert rate(1_250) == percent
        assert day(MORNING) == date


def test_a_citys_name_is_the_readers() -> None:
    with timezone.override("Europe/Kyiv"), speaking("fr"):
        assert "Kyiv" in time_zone_name()
    with timezone.override("Asia/Tokyo"), speaking("de"):
        assert "Tokio" in time_zone_name()
