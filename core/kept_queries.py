"""Queries whose SQL Django builds once per process; afterwards only their values change.

Building a query of some subqueries takes Django several times as long as PostgreSQL takes to answer
it. `kept_query` decorates a function that builds a queryset from its keyword arguments:

    @kept_query
    def _counts(*, project_ids: Sequence[int]) -> QuerySet[ProjectMember]:
        return ProjectMember.objects.filter(project__in=project_ids).values("step")…

Called, it returns the rows; `_counts.count(…)` returns how many there are. The function runs once
for each shape of its arguments, with values that stand in for the real ones; NotKeptError says that
one of them did not reach PostgreSQL as it was. Numbers, texts, days, moments, UUIDs and lists of
them vary. Anything else is part of the shape, as are the time zone, and whether one brand is acted
for, all, or none. The brand is a value. A text that may be empty varies too, so pass None where the
SQL differs. The length of a list is part of the shape where the function asks `…__in`, which is a
parameter for each member; `…__among` (core.db) is one for all, and the length does not matter.

`kept_selection` keeps the queries of a list whose arguments are what a person chose: there texts
are part of the shape, except for a `SearchWord`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, update_wrapper
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections
from django.db.models import QuerySet
from django.utils import timezone

from core.fetched_rows import RowPlan
from core.tenancy import acting_for, scope_in_use

MAX_NUMBER = 2**63 - 1  # of a bigint
MAX_SHAPES = 200  # of one query
FIRST = 7_310_000_000_000  # far from any id
BRAND = FIRST - 1
WORD = "Stand-In-"  # in both cases, so that a query that changes the case is refused
LIKE = ("%{}%", "{}%", "%{}")  # contains, begins with, ends with
UUID_MARK = str(UUID(int=FIRST))[:-3]


WHOLE = slice(None)


class NotKeptError(ValueError):
    """A value does not reach PostgreSQL as it was given, so the query can't be kept."""


class SearchWord(str):
    """One word that people search for. It reaches PostgreSQL as it is, or inside of a LIKE pattern.

    A selector that does more with it, such as another query, can't be kept: pass it a `str`.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a parameter comes from: an argument, which may be a whole list, or a member of one."""

    name: str
    place: int | None = None
    like: str = ""  # the pattern that a word stands in
    is_list: bool = False

    def of(self, arguments: dict[str, Any]) -> Any:
        value = arguments[self.name]
        if self.like:
            return self.like.format(connection.ops.prep_for_like_query(value))
        return value if self.place is None else value[self.place]


class _Kept:
    """A query as it was built with stand-ins, and where each of its parameters comes from."""

    def __init__(self, queryset: QuerySet[Any, Any], stand_ins: dict[Any, _Value]) -> None:
        compiler: Any = queryset.query.get_compiler(queryset.db)
        self.using = queryset.db
        self.sql, given = compiler.as_sql()
        self.parameters = [stand_ins.get(_key(value), value) for value in given]
        self.kinds = [type(value) if isinstance(value, int) else None for value in given]
        found = {(value.name, value.place) for value in self.parameters if _is_value(value)}
        members = {value.name for value in stand_ins.values() if value.place is not None}
        # The lists that arrive as they are, and never member by member.
        self.whole = {name for name in members if (name, None) in found} - {
            name for name, place in found if place is not None
        }
        missing = [
            value
            for value in set(stand_ins.values()) - {_BRAND}
            if (value.name, value.place) not in found
            and value.name not in self.whole
            and not value.is_list
        ]
        left = [value for value in self.parameters if not _is_value(value) and _holds(value)]
        if missing or left or _holds(self.sql) or queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise NotKeptError(f"{sorted(value.name for value in missing)} {left} in {self.sql}")
        self.plan = RowPlan(queryset, compiler)

    def rows(self, arguments: dict[str, Any], part: slice = WHOLE) -> list[Any]:
        return self.plan.rows(self._fetched(self.sql, arguments, part), connections[self.using])

    def count(self, arguments: dict[str, Any], limit: int | None = None) -> int:
        counted = f"{self.sql} LIMIT {limit:d}" if limit is not None else self.sql
        counting = f"SELECT COUNT(*) FROM ({counted}) AS counted"  # noqa: S608 - Django's own
        [(rows,)] = self._fetched(counting, arguments, WHOLE)
        return int(rows)

    def _fetched(self, sql: str, arguments: dict[str, Any], part: slice) -> list[tuple[Any, ...]]:
        values = tuple(self._values(arguments))
        if part is not WHOLE:
            sql, values = f"{sql} LIMIT %s OFFSET %s", (*values, part.stop - part.start, part.start)
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, values)
            fetched: list[tuple[Any, ...]] = cursor.fetchall()
            return fetched

    def _values(self, arguments: dict[str, Any]) -> Iterator[Any]:
        for value, kind in zip(self.parameters, self.kinds, strict=True):
            if not isinstance(value, _Value):
                yield value
            else:
                yield kind(value.of(arguments)) if kind else value.of(arguments)


_BRAND = _Value("brand")


class KeptQuery:
    """A function that builds a queryset, of which only the values of its arguments change."""

    def __init__(
        self, build: Callable[..., QuerySet[Any, Any]], *, texts_vary: bool = True
    ) -> None:
        self.build = build
        self.varying = VARYING if texts_vary else tuple(kind for kind in VARYING if kind is not str)
        self.kept: dict[Any, _Kept | None] = {}
        self.whole: set[str] = set()  # arguments whose length does not matter
        update_wrapper(self, build)

    def __call__(self, **arguments: Any) -> list[Any]:
        """Return the rows."""
        return self.part(WHOLE, arguments)

    def part(self, part: slice, arguments: dict[str, Any]) -> list[Any]:
        """Return the rows from a start to an end, which both have to be given; or all."""
        kept, values = self._kept_for(arguments)
        if kept is NOT_KEPT:
            return list(self.build(**arguments)[part])
        return kept.rows(values, part) if kept else []

    def count(self, **arguments: Any) -> int:
        """Return how many rows there are."""
        return self.count_up_to(None, arguments)

    def count_up_to(self, limit: int | None, arguments: dict[str, Any]) -> int:
        """Return how many rows there are, at most `limit`."""
        kept, values = self._kept_for(arguments)
        if kept is NOT_KEPT:
            return self.build(**arguments)[:limit].count()
        return kept.count(values, limit) if kept else 0

    def _kept_for(self, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The query of this shape, and its values. None where no row can match."""
        is_in_scope, brand = scope_in_use()
        scope = (is_in_scope, type(brand), timezone.get_current_timezone_name())
        shape = (*scope, *self._shapes(arguments))
        if shape not in self.kept:
            if len(self.kept) >= MAX_SHAPES:
                return NOT_KEPT, arguments
            kept: Any = NOT_KEPT
            fixed = (one for one in arguments.values() if not _varies(one, self.varying))
            if not any(map(_holds, fixed)):
                kept = _built(self.build, arguments, brand, self.varying)
            if isinstance(kept, _Kept):
                self.whole |= kept.whole
                shape = (*scope, *self._shapes(arguments))
            self.kept[shape] = kept
        return self.kept[shape], {**arguments, "brand": brand}

    def _shapes(self, arguments: dict[str, Any]) -> Iterator[Any]:
        for name, value in arguments.items():
            yield name, self._shape(value, is_whole=name in self.whole)

    def _shape(self, value: Any, *, is_whole: bool) -> Any:
        if _varies(value, self.varying):
            if not isinstance(value, list | tuple):
                return type(value)
            kinds = map(type, value)
            return type(value), (frozenset(kinds) if is_whole else tuple(kinds))
        return tuple(value) if isinstance(value, list) else value


NOT_KEPT = object()  # its shape is one too many, or has a text like those that stand in


def kept_query(build: Callable[..., QuerySet[Any, Any]]) -> KeptQuery:
    """Build the function's query once for each shape of its arguments; a call returns the rows."""
    return KeptQuery(build)


class KeptSelection:
    """The rows of `select(**arguments)` in an order, for a list that shows them page by page.

    Texts among the arguments are part of the shape, so a list that is searched is kept only for a
    SearchWord.
    """

    def __init__(
        self, select: Callable[..., QuerySet[Any, Any]], fields: tuple[str, ...] = ()
    ) -> None:
        def ordered(**arguments: Any) -> QuerySet[Any, Any]:
            found = select(**arguments)
            return found.order_by(*fields) if fields else found

        def counted(**arguments: Any) -> QuerySet[Any, Any]:
            return select(**arguments).order_by().values("pk")

        self._rows = KeptQuery(ordered, texts_vary=False)
        self._counted = KeptQuery(counted, texts_vary=False)

    def rows(self, part: slice, arguments: dict[str, Any]) -> list[Any]:
        """Return the rows from a start to an end."""
        return self._rows.part(part, arguments)

    def all_rows(self, **arguments: Any) -> list[Any]:
        """Return all rows."""
        return self.rows(WHOLE, arguments)

    def count(self, arguments: dict[str, Any], *, limit: int | None = None) -> int:
        """Return how many rows there are, at most `limit`."""
        return self._counted.count_up_to(limit, arguments)


class KeptRows:
    """The rows of a kept selection for these arguments, as a paginator reads them."""

    def __init__(self, selection: KeptSelection, arguments: dict[str, Any]) -> None:
        self._selection, self._arguments = selection, arguments

    def __getitem__(self, part: slice) -> list[Any]:
        if part.stop <= part.start:  # the only page of an empty list
            return []
        return self._selection.rows(part, self._arguments)

    def __len__(self) -> int:
        return self.count()

    def count(self, *, limit: int | None = None) -> int:
        """Return how many rows there are, at most `limit`."""
        return self._selection.count(self._arguments, limit=limit)


kept_selection = cache(KeptSelection)  # as many as there are lists, and orders of their columns


def _built(
    build: Callable[..., QuerySet[Any, Any]],
    arguments: dict[str, Any],
    brand: int | None,
    varying: tuple[type, ...],
) -> _Kept | None:
    """None where no row can match, and PostgreSQL is asked nothing."""
    stand_ins: dict[Any, _Value] = {BRAND: _BRAND} if brand is not None else {}
    given = {}
    for name, value in arguments.items():
        if not _varies(value, varying):
            given[name] = value
        elif isinstance(value, list | tuple):
            places = [_Value(name, place) for place in range(len(value))]
            made = [_stand_in(one, len(stand_ins) + place) for place, one in enumerate(value)]
            given[name] = made
            stand_ins.update(zip(map(_key, made), places, strict=True))
            if made:
                stand_ins[_key(made)] = _Value(name, is_list=True)
        else:
            made = given[name] = _stand_in(value, len(stand_ins))
            stand_ins[_key(made)] = _Value(name)
            if type(value) is SearchWord:
                stand_ins |= {like.format(made): _Value(name, like=like) for like in LIKE}
    try:
        with nullcontext() if brand is None else acting_for(BRAND):
            kept = _Kept(build(**given), stand_ins)
    except EmptyResultSet:
        return None
    longer = {name: [*given[name]] * 2 for name in kept.whole if len(given[name]) == 1}
    # Of one member it is not certain that the list arrives whole, and not its first member.
    return _built(build, {**arguments, **longer}, brand, varying) if longer else kept


VARYING = (int, str, SearchWord, date, datetime, UUID)


def _varies(value: Any, varying: tuple[type, ...]) -> bool:
    """Whether a value stands for others of its kind. Of a list, all members have to."""
    if isinstance(value, list | tuple):
        return varying is VARYING or all(type(one) in varying for one in value)
    if type(value) is int and not -MAX_NUMBER <= value <= MAX_NUMBER:
        return False  # PostgreSQL has no such number, and Django knows what that means
    return type(value) in varying


def _stand_in(value: Any, number: int) -> Any:
    kind = type(value)
    if kind is int:
        return FIRST + number
    if kind in (str, SearchWord):
        return kind(f"{WORD}{number}-")
    if kind is date:
        return date(1903, 1, 1) + timedelta(days=number)
    if kind is datetime:
        return datetime(1903, 1, 1, 1, 2, 3, 731_000 + number, tzinfo=UTC)
    if kind is UUID:
        return UUID(int=FIRST + number)
    raise NotKeptError(f"{kind.__name__} can't vary")


def _key(value: Any) -> Any:
    return (
        int(value) if isinstance(value, int) and not isinstance(value, bool) else _hashable(value)
    )


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        value = tuple(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value


def _is_value(value: Any) -> bool:
    return isinstance(value, _Value)


def _holds(value: Any) -> bool:
    """Whether a stand-in is inside a parameter or a statement."""
    text = str(value)
    return (
        WORD.lower() in text.lower()
        or str(FIRST)[:7] in text
        or "1903-" in text
        or UUID_MARK in text
    )
