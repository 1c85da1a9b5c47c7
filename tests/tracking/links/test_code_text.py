"""A code is the same code however it was typed, and never another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.links.code_text import MAX_CODE_LENGTH, code_from, is_code, normal_code


@pytest.mark.parametrize(
    "typed",
    [
        "MARA15", "mara15", "MARA 15", " mara15 ", "mara\u200b15", "\ufeffMARA15", "MARA\u00ad15",
        "\uff2d\uff21\uff32\uff21\uff11\uff15", "mara\u00a015",
        "\u2068MARA15\u2069", "MARA15\ufe0f",
    ],
)  # fmt: skip
def test_what_is_the_same_code(typed: str) -> None:
    assert normal_code(typed) == "MARA15"


@pytest.mark.parametrize("quote", "'`´‘’‛′ʼ＇")  # noqa: RUF001
def test_every_apostrophe_is_the_plain_one(quote: str) -> None:
    assert normal_code(f"mara{quote}s") == "MARA'S"


@pytest.mark.parametrize(
    "typed",
    [
        "МАRA15",  # the first two letters are Cyrillic  # noqa: RUF001
        "MΑRA15",  # Greek  # noqa: RUF001
        "MARÁ15", "MARA-15", "MARA15\0", "MARA15…", "MARA1S", "MARAl5",
    ],
)  # fmt: skip
def test_what_is_another_code(typed: str) -> None:
    assert normal_code(typed) != "MARA15"


def test_composed_and_decomposed_accents_are_the_same() -> None:
    assert normal_code("cafe\u0301") == normal_code("CAFÉ") == "CAFÉ"


@given(st.text(max_size=60))
def test_a_normal_code_is_its_own_normal_code(text: str) -> None:
    assert normal_code(normal_code(text)) == normal_code(text)


@pytest.mark.parametrize(
    "code", ["MARA15", "15%OFF", "B&B", "L'ÉTÉ", "V1.2", "00123", "夏の恋", "ÄÖ"]
)
def test_codes_that_shops_have(code: str) -> None:
    assert is_code(normal_code(code))


@pytest.mark.parametrize(
    "code",
    ["", "X", "X" * 41, "=CMD", "-15", "@X1", "A,B", "A;B", "A|B", "A\0B", "<B>", 'A"B', "AB🌿"],
)
def test_what_is_no_code(code: str) -> None:
    assert not is_code(normal_code(code))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Łukasz", "LUKASZ"), ("Øyvind", "OYVIND"), ("Weiß", "WEISS"), ("Ægir", "AEGIR"),
        ("Zoë", "ZOE"), ("Мария", "MARIYA"), ("مريم", "MRYM"), ("Νίκος", "NIKOS"),
        ("O'Brien", "OBRIEN"), ("🌿", "HERB"),
        ("15", ""), ("", ""), ("-_-", ""),
    ],
)  # fmt: skip
def test_a_code_from_a_name(name: str, code: str) -> None:
    assert code_from(name) == code


@given(st.text(max_size=60))
def test_a_code_from_a_name_may_be_given(name: str) -> None:
    code = code_from(name)
    assert code == "" or (is_code(code) and normal_code(code) == code and not code.isdigit())
    assert len(code) < MAX_CODE_LENGTH
