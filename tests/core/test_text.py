"""Text of one line."""

from __future__ import annotations

import pytest

from core.text import (
    names_pattern,
    noun_for,
    one_line,
    search_words,
    single_spaced,
)

NO_BREAK, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Mara \t Lindqvist ", "Mara Lindqvist"),
        ("Mara\r\nBcc: x@y.example", "Mara Bcc: x@y.example"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("pay\u202egnp.exe", "paygnp.exe"),
        ("a\0b \x07 c", "ab c"),
        (f"10{NO_BREAK}%", f"10{NO_BREAK}%"),
        (f"1{NARROW}000 €", f"1{NARROW}000 €"),
        (f"{NO_BREAK} \n", ""),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("Ana", "Ana's list in Canada: ANA, Anas, Anaïs", "_'s list in Canada: _, _s, Anaïs"),
        ("Élodie", "L'Élodie d'Élodier", "L'_ d'Élodier"),
        ("e", "e is here", "e is here"),
        ("e", "E", "_"),
        ("李明", "李明さん", "_さん"),
        ("a@b.example", "<a@b.example>, a@b.example.", "<_>, _."),
        ("a@b.example", "x.a@b.example a@b.example.org", "x.a@b.example a@b.example.org"),
    ],
)
def test_a_name_is_found_as_a_whole_word(name: str, text: str, left: str) -> None:
    assert names_pattern([name]).sub("_", text) == left


def test_single_spaced() -> None:
    assert single_spaced(f" a \n b{NO_BREAK} c ") == "a b c"


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("projects", "project"), ("deliveries", "delivery"), ("addresses", "address"),
        ("pieces of work", "piece of work"), ("members due", "member due"),
    ],
)  # fmt: skip
def test_a_noun_takes_the_form_of_its_number(plural: str, one: str) -> None:
    assert [noun_for(number, plural) for number in (0, 1, 2)] == [plural, one, plural]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" Mara  mara Mara\n", ["Mara", "mara"]),
        ("\0 a\0b", ["ab"]),
        ("a b c d e f g h i j k l", ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]),
    ],
)
def test_a_search_has_few_words(text: str, words: list[str]) -> None:
    assert search_words(text) == words
