"""Typed and pasted addresses mean the same slug."""

from __future__ import annotations

import time
from urllib.parse import quote, unquote

import pytest

from edge.slugs import slug_of
from tests.edge.targets import destination, serving
from tests.following import ask

COPIED = (
    "mara", "MARA", "Mara", "mara/", "mara//", "mara.", "mara,", "mara;", "mara:", "mara!", "mara?",
    "mara)", "(mara)", "mara]", "[mara]", "mara>", "<mara>", 'mara"', '"mara"', "mara'", "'mara'",
    "mara`", "mara*", "**mara**", "mara…", "“mara”", "‘mara’", "«mara»", "mara。", "mara ", " mara",
    "mara\u200b", "\ufeffmara", "ｍａｒａ", "mara)/", "mara.)", 'mara">', "mara%20", "mara%22", "mara%2F",
    "mara%2520", "mara\\", "mara|", "mara~",
)  # fmt: skip


@pytest.mark.parametrize("typed", COPIED)
def test_what_comes_along_with_a_copied_address_makes_no_difference(typed: str) -> None:
    assert slug_of(unquote(typed)) == "mara"
    path = f"/r/{unquote(quote(typed, safe='%'))}".partition("?")[0]
    assert ask(serving(destination()), path).status == 302


@pytest.mark.parametrize(
    "typed", ["", "/", "mar", "maraa", "ma ra", "ma/ra", "mara/x", "m.ara", "..", "мara", "x" * 300]
)
def test_another_slug_is_another_slug(typed: str) -> None:
    assert slug_of(typed) != "mara"
    assert ask(serving(destination()), f"/r/{typed}").status != 302


def test_a_slug_may_hold_hyphens_and_underscores() -> None:
    assert slug_of("mara-lind_2/") == "mara-lind_2"


@pytest.mark.parametrize("typed", [f"{'-' * 199}é", f"{'-' * 100}é{'-' * 99}"])
def test_no_address_takes_long_to_read(typed: str) -> None:
    """The event loop reads them: one of these held it for a tenth of a second."""
    begun = time.perf_counter()
    assert {slug_of(typed) for _ in range(200)} == {""}
    assert time.perf_counter() - begun < 1
