"""An id leads back to its own row of its own brand alone, and tells nothing of its number."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.public_ids import ALPHABET, LENGTH, MAX_ROW, PATTERN, IdKind, public_id, row_id_in

KINDS = st.sampled_from(IdKind)
BRANDS = st.integers(min_value=1, max_value=2**32 - 1)
ROWS = st.integers(min_value=0, max_value=MAX_ROW)
PLACES = st.integers(min_value=0, max_value=LENGTH - 1)


@given(kind=KINDS, brand_id=BRANDS, row_id=ROWS)
def test_an_id_leads_back_to_its_row(kind: IdKind, brand_id: int, row_id: int) -> None:
    written = public_id(kind, brand_id=brand_id, row_id=row_id)

    assert re.fullmatch(f"{kind.value}_{PATTERN}", written)
    assert row_id_in(kind, written, brand_id=brand_id) == row_id
    assert public_id(kind, brand_id=brand_id, row_id=row_id) == written


@given(kind=KINDS, other=KINDS, brand_id=BRANDS, row_id=ROWS)
def test_an_id_of_another_brand_or_kind_is_none(
    kind: IdKind, other: IdKind, brand_id: int, row_id: int
) -> None:
    written = public_id(kind, brand_id=brand_id, row_id=row_id)
    renamed = written.replace(kind.value, other.value, 1)

    assert row_id_in(kind, written, brand_id=brand_id + 1) is None
    if other is not kind:
        assert row_id_in(other, written, brand_id=brand_id) is None
        assert row_id_in(other, renamed, brand_id=brand_id) is None


@given(kind=KINDS, row_id=ROWS, place=PLACES, letter=st.sampled_from(ALPHABET))
def test_an_altered_id_is_none(kind: IdKind, row_id: int, place: int, letter: str) -> None:
    prefix, _, written = public_id(kind, brand_id=1, row_id=row_id).partition("_")
    altered = written[:place] + letter + written[place + 1 :]

    found = row_id_in(kind, f"{prefix}_{altered}", brand_id=1)

    assert found == (row_id if altered == written else None)


@pytest.mark.parametrize(
    "text",
    ["", "mem", "mem_", "12", "mem_12", "mem_" + "z" * 26, "mem_" + "0" * 25, "mem_" + "o" * 26,
     "MEM_" + "0" * 26, "mem_" + "０" * 26, "mem_" + "0" * 27, "\0", "mem__" + "0" * 26],  # noqa: RUF001
)  # fmt: skip
def test_what_is_no_id_is_none(text: str) -> None:
    assert row_id_in(IdKind.MEMBER, text, brand_id=1) is None


def test_ids_of_rows_in_sequence_show_no_order() -> None:
    ids = [public_id(IdKind.MEMBER, brand_id=1, row_id=row_id) for row_id in range(1, 301)]

    rising = sum(earlier < later for earlier, later in itertools.pairwise(ids))

    assert len(set(ids)) == 300
    assert 100 < rising < 200
    for place in range(4, 29):  # the first character holds three bits
        assert len({one[place] for one in ids}) >= 8, place


def test_another_key_makes_other_ids(settings: Any) -> None:
    before = public_id(IdKind.ORDER, brand_id=1, row_id=1)
    settings.PUBLIC_ID_KEY = "another key"

    assert public_id(IdKind.ORDER, brand_id=1, row_id=1) != before
    assert row_id_in(IdKind.ORDER, before, brand_id=1) is None
