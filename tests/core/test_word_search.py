"""The index of pieces finds every text that contains a word, and of the own brand alone."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from affiliates.models import NAME_INDEX, NAME_PIECES, Member
from affiliates.selectors import members
from affiliates.services import Person, add_member, add_members
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
        people = [Person("", "", name) for name in ("王伟", "O'Neil", "Straße")]
        add_members(people=people, by=SYSTEM, now=NOW)

        assert [row.last_name for row in members(search=search)] == found


def test_a_text_with_all_pieces_of_a_word_may_not_contain_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = add_member(email="", first_name="abcab", last_name="", by=SYSTEM, now=NOW)

        has_all = has_pieces(NAME_PIECES, "bcabc", index=NAME_INDEX)
        assert list(Member.objects.filter(has_all)) == [row]
        assert list(members(search="bcabc")) == []


def test_another_brands_members_have_pieces_of_their_own(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        theirs = has_pieces(NAME_PIECES, "mara", index=NAME_INDEX)
    with acting_for(cast.juniper):
        own = has_pieces(NAME_PIECES, "mara", index=NAME_INDEX)
        assert list(Member.objects.filter(theirs)) == []
        assert list(Member.objects.filter(own)) == [cast.mara]


COMMON = """
INSERT INTO affiliates_member (brand_id, email, first_name, last_name, version, joined_at)
SELECT %(brand)s, 'm' || n || '@example.org', 'Common', 'L' || n, 1, now()
FROM generate_series(1, 1000) n
"""
RARE_OF = "SELECT core_rare_pieces(%s, %s, %s)"


@pytest.mark.parametrize(
    ("word", "looked_up"),
    [
        ("common", ["COM", "OMM", "MMO", "MON"]),  # equally frequent
        ("qommon", ["QOM"]),
        ("xyz", ["XYZ"]),
        ("e", ["E"]),
    ],
)
def test_the_index_is_asked_for_the_rarer_pieces_of_a_word(
    cast: Cast, word: str, looked_up: list[str]
) -> None:
    brand = cast.juniper.pk
    with connection.cursor() as cursor:
        cursor.execute(COMMON, {"brand": brand})
        cursor.execute("ANALYZE affiliates_member")
        cursor.execute(RARE_OF, [brand, word, NAME_INDEX])
        [(pieces,)] = cursor.fetchall()
        cursor.execute(RARE_OF, [brand, word, "an_index_without_statistics"])
        [(all_pieces,)] = cursor.fetchall()

    assert pieces == [f"{brand}:{piece}" for piece in looked_up]
    assert set(pieces) <= set(all_pieces)
    with acting_for(cast.juniper):
        assert members(search=word).count() == {"common": 1_000, "e": 1_003}.get(word, 0)
