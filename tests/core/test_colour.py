"""A brand may choose any colour, and every word in it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.colour import (
    AA_TEXT,
    DARK_GROUND,
    LIGHT_GROUND,
    Accent,
    contrast,
    dark_accent,
    light_accent,
    parse,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((255, 255, 255), (0x76, 0x76, 0x76)) == pytest.approx(4.54, abs=0.01)


@given(COLOURS)
def test_every_accent_reads_on_its_grounds(colour: str) -> None:
    for accent, ground in (
        (light_accent(colour), LIGHT_GROUND),
        (dark_accent(colour), DARK_GROUND),
    ):
        text = parse(accent.accent)
        assert contrast(text, ground) >= AA_TEXT
        assert contrast(text, parse(accent.soft)) >= AA_TEXT
        assert contrast(text, parse(accent.on_accent)) >= AA_TEXT


def test_a_colour_that_reads_already_stays_as_it_is() -> None:
    assert light_accent("#7A1FA2") == Accent("7a1fa2", "ffffff", "f6ebfd")


@pytest.mark.parametrize("colour", ["", "red", "12345", "1234567", "12345g", "1234 5"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        parse(colour)
