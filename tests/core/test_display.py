"""How things read on screen, and the page's own tags."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency, format_decimal
from django.http import HttpRequest
from django.template import Context
from django.utils import timezone

from core.languages import speaking, spoken_locale
from core.money import Money, exponent
from core.templatetags.display import (
    breakable,
    clock,
    count,
    day,
    masked_reference,
    moment,
    money,
    rate,
    short_money,
    time_zone_name,
    who,
)
from core.templatetags.page import chosen_scheme, initial

CENTS = re.compile(r"\.0+")  # in a CLDR pattern, where the point is always a point
WINTER = datetime(2026, 11, 22, 23, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Money(128_450, "GBP"), "£1,284.50"),
        (Money(-500, "GBP"), "\N{MINUS SIGN}£5.00"),
        (Money(0, "EUR"), "€0.00"),
        (Money(1_284, "JPY"), "JP¥1,284"),
        (Money(128_450, "USD"), "US$1,284.50"),
        (Money(1_284_500, "KWD"), "KWD\N{NO-BREAK SPACE}1,284.500"),
        (None, "—"),
    ],
)
def test_money_shows_its_currency_and_its_own_digits(amount: Money | None, shown: str) -> None:
    assert money(amount) == shown


def test_money_follows_the_language() -> None:
    with speaking("de"):
        assert money(Money(128_450, "EUR")) == "1.284,50\N{NO-BREAK SPACE}€"


@pytest.mark.parametrize(
    ("basis_points", "shown"),
    [(1_200, "12%"), (1_250, "12.5%"), (1_225, "12.25%"), (0, "0%"), (None, "—")],
)
def test_rate_is_basis_points_in_percent(basis_points: int | None, shown: str) -> None:
    assert rate(basis_points) == shown.replace(" ", "\N{NO-BREAK SPACE}")


def test_count_groups_and_tells_none_from_zero() -> None:
    assert (count(1_284), count(0), count(None)) == ("1,284", "0", "—")


def test_times_are_shown_in_the_active_zone_and_named() -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        assert moment(WINTER) == "22 Nov 2026, 18:40"
        assert time_zone_name() == "New York time"
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert moment(WINTER, "short") == "23 Nov, 08:40"
        assert day(WINTER) == "23 Nov 2026"
        assert clock(WINTER) == "08:40"
    with timezone.override(UTC):
        assert time_zone_name() == "UTC"


def test_a_date_has_no_zone() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert day(date(2026, 11, 22)) == "22 Nov 2026"
        assert day(date(2026, 11, 22), "short") == "22 Nov"


def test_no_time_is_a_dash() -> None:
    assert (day(None), moment(None), clock(None)) == ("—", "—", "—")


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("JC-104821", "····4821"),
        ("536365", "····6365"),
        ("4821", "····21"),
        ("7", "····"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_a_reference_shows_its_end_and_never_all_of_itself(
    reference: str | None, shown: str
) -> None:
    assert masked_reference(reference) == shown


@pytest.mark.parametrize(
    ("name", "letter"), [("Mara", "M"), ("élodie", "É"), ("  7up", "7"), ("", "·")]
)
def test_initial_is_the_first_letter(name: str, letter: str) -> None:
    assert initial(name) == letter


def test_an_address_breaks_after_its_slashes_and_is_escaped() -> None:
    assert breakable("go.example/r/a&b") == "go.example/<wbr>r/<wbr>a&amp;b"


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("Ines Castell <ines@juniper.example>", "Ines Castell"),
        ("demo", "demo"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_somebody_of_the_log_is_told_by_name(actor: str | None, name: str) -> None:
    assert who(actor) == name


@pytest.mark.parametrize(
    ("cookie", "scheme"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")]
)
def test_the_scheme_is_one_of_two_or_the_systems(cookie: str, scheme: str) -> None:
    request = HttpRequest()
    request.COOKIES["scheme"] = cookie

    assert chosen_scheme(Context({"request": request})) == scheme


def test_a_page_without_a_request_follows_the_system() -> None:
    assert chosen_scheme(Context({})) == ""


@pytest.mark.parametrize("tag", ["en", "en-us", "en-in", "es", "es-mx", "de", "de-ch", "fr"])
@pytest.mark.parametrize("currency", ["GBP", "USD", "EUR", "JPY", "KWD", "CHF", "INR"])
def test_an_amount_is_written_as_babel_writes_it(tag: str, currency: str) -> None:
    digits = exponent(currency)
    with speaking(tag):
        for minor in (0, 1, -1, 9, 99, -100, 12_345, 999_999, -1_234_567, 98_765_432_109):
            amount = Decimal(minor).scaleb(-digits)
            expected = _ours(format_currency(amount, currency, locale=spoken_locale()))
            assert _ours(money(Money(minor, currency))) == expected
            if minor % 10**digits == 0:
                whole = CENTS.sub("", spoken_locale().currency_formats["standard"].pattern)
                expected = _ours(
                    format_currency(
                        amount, currency, whole, locale=spoken_locale(), currency_digits=False
                    )
                )
            assert _ours(short_money(Money(minor, currency))) == expected
            assert count(minor) == _ours(format_decimal(minor, locale=spoken_locale()))


def _ours(text: str) -> str:
    """An amount of babel's with our minus sign, without the spaces that CLDR has and babel not."""
    return text.replace("-", "\N{MINUS SIGN}").replace("\N{NO-BREAK SPACE}", "")
