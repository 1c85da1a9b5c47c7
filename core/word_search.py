"""Find the rows whose texts contain a word by an index, in a brand of any size.

PostgreSQL's own extension for that (pg_trgm) is not on every server, and its indexes know no
brand. So `core_pieces` cuts texts into all pieces of one to three letters, in upper case and with
the brand before them ("12:MAR"), and a GIN index holds them. A text contains a word only if it has
all pieces of the word: those of three letters, or the word itself if it is shorter. The index is
asked for the rarer of them (`core_rare_pieces`). As a text that has them may lack the word, a
search compares the text as well: `contains_word` is `has_pieces` and `holds_word`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import StrIndex, Upper
from django.db.models.lookups import GreaterThan

from core.tenancy import current_brand_id
from core.text import search_words

MAX_LISTED_IDS = 500
MAX_PENDING_KB = 256  # of new pieces that every search reads until they are merged into the index


def pieces_of(*fields: str) -> Func:
    """Return the pieces of the texts of a row."""
    return _pieces("core_pieces(%(expressions)s)", *map(F, fields))


def pieces_of_array(field: str) -> Func:
    """Return the pieces of the texts in an array of a row."""
    array = Func(F(field), template="VARIADIC %(expressions)s")
    return _pieces("core_pieces(%(expressions)s::text[])", array)


def _pieces(template: str, *texts: Any) -> Func:
    return Func(
        F("brand"), Value(1), *texts, template=template, output_field=ArrayField(TextField())
    )


def index_of_pieces(pieces: Func, *, name: str, condition: Q | None = None) -> GinIndex:
    """Return an index by which `has_pieces` of the same pieces finds rows."""
    return GinIndex(pieces, name=name, condition=condition, gin_pending_list_limit=MAX_PENDING_KB)


def contains_word(word: str, *fields: str, index: str) -> Q:
    """Match rows one of whose fields contains the word.

    `index` is the name of the index of `pieces_of` these fields.
    """
    return holds_word(word, *fields) & has_pieces(pieces_of(*fields), word, index=index)


def holds_word(word: str, *texts: str | Func[Any]) -> Q:
    """Match rows one of whose texts, fields or expressions, contains the word in any letter case.

    Of LIKE, PostgreSQL takes for granted that it finds few rows, and then reads and sorts all that
    it does find. Of this it does not, so the pieces alone say how many there are.
    """
    found: Iterator[Any] = (
        GreaterThan(StrIndex(Upper(text), Upper(Value(word))), Value(0)) for text in texts
    )
    return reduce(or_, map(Q, found))


def has_pieces(pieces: Func, word: str, *, index: str) -> Q:
    """Match the rows that may contain the word, letter case aside. Compare their texts as well.

    `index` is the name of the index of these pieces; its statistics tell which of them are rare.
    """
    of_word = Func(
        Value(current_brand_id()), Value(word), Value(index), function="core_rare_pieces"
    )
    contained: Any = Func(
        pieces, of_word, template="%(expressions)s", arg_joiner=" @> ", output_field=BooleanField()
    )
    return Q(contained)


def each_word(search: str, fitting: Callable[[str], Q], *, whole: Callable[[str], Q]) -> Q:
    """Match rows that each word of a search fits, or that the whole of it names."""
    words = search_words(search)
    all_fit = reduce(and_, map(fitting, words), Q())
    return all_fit | whole(" ".join(words)) if len(words) > 1 else all_fit


def few_ids(rows: QuerySet[Any]) -> list[int] | None:
    """Return the ids of the rows, or None where they are more than MAX_LISTED_IDS. One query.

    So a list finds the rows that belong to few others by an index. If they belong to many, it
    compares row by row, in its own sequence: a page is soon full.
    """
    few = list(rows.values_list("pk", flat=True)[: MAX_LISTED_IDS + 1])
    return few if len(few) <= MAX_LISTED_IDS else None
