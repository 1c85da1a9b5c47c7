"""The index of pieces finds every text that contains a word, and of the own brand alone."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from affiliates.models import NAME_PIECES, Member
from affiliates.selectors import members
from affiliates.services import add_member
from core.tenancy import acting_for
from core.word_search import has_pieces
from tests.cast import NOW, SYSTEM, Cast

SAYS = """
SELECT core_pieces(7, 1, '', %(text)s) @> core_word_pieces(7, %(part)s),
  strpos(upper(%(text)s), upper(%(part)s)) > 0
"""
pytestmark = pytest.mark.django_db


@given(st.text(alphabet="aAbß1é王 %_\\", max_size=12), st.data())
def test_a_text_has_all_pieces_of_each_word_in_it(text: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(text.split() or ["a"]))
    start = data.draw(st.integers(0, len(word) - 1))
    part = word[start : data.draw(st.integers(start + 1, len(word)))]

    with connection.cursor() as cursor:
        cursor.execute(SAYS, {"text": text, "part": part})
        [(has_all, contains)] = cursor.fetchall()

    assert has_all or not contains
    assert contains or not text.split()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("王", ["王伟"]),
        ("伟", ["王伟"]),
        ("o'", ["O'Neil"]),
        ("o'n", ["O'Neil"]),
        ("EIL", ["O'Neil"]),
        ("straße", ["Straße"]),
        ("ß", ["Straße"]),
        ("%", []),
        ("neil王", []),  # of two texts
        ("nei oil", []),  # has all pieces of three letters of no text
    ],
)
def test_a_search_finds_short_words_and_any_letters(
    cast: Cast, search: str, found: list[str]
) -> None:
    with acting_for(cast.juniper):
        for name in ("王伟", "O'Neil", "Straße"):
            add_member(email="", first_name="", last_name=name, by=SYSTEM, now=NOW)

        assert [row.last_name for row in members(search=search)] == found


def test_a_text_with_all_pieces_of_a_word_may_not_contain_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = add_member(email="", first_name="abcab", last_name="", by=SYSTEM, now=NOW)

        assert list(Member.objects.filter(has_pieces(NAME_PIECES, "bcabc"))) == [row]
        assert list(members(search="bcabc")) == []


def test_another_brands_members_have_pieces_of_their_own(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        theirs = has_pieces(NAME_PIECES, "mara")
    with acting_for(cast.juniper):
        assert list(Member.objects.filter(theirs)) == []
        assert list(Member.objects.filter(has_pieces(NAME_PIECES, "mara"))) == [cast.mara]
