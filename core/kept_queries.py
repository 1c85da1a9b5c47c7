"""Queries whose SQL Django builds once per process; afterwards only their values change.

Building a query of some subqueries takes Django several times as long as PostgreSQL takes to answer
it. `kept_query` decorates a function that builds a queryset from its keyword arguments:

    @kept_query
    def _counts(*, project_ids: Sequence[int]) -> QuerySet[ProjectMember]:
        return ProjectMember.objects.filter(project__in=project_ids).values("step")…

Called, it returns the rows; `_counts.count(…)` returns how many there are. The function runs once
for each shape of its arguments, with values that stand in for the real ones; NotKeptError says that
one of them did not reach PostgreSQL as it was. Numbers, texts, days, moments, UUIDs and lists of
them vary. Anything else is part of the shape, as are the length of a list, the time zone, and
whether one brand is acted for, all, or none. The brand is a value. A text that may be empty varies
too, so pass None where the SQL differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import update_wrapper
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone

from core.fetched_rows import RowPlan
from core.tenancy import acting_for, scope_in_use

MAX_SHAPES = 200  # of one query
FIRST = 7_310_000_000_000  # far from any id
BRAND = FIRST - 1
WORD = "stand-in-"
UUID_MARK = str(UUID(int=FIRST))[:-3]


class NotKeptError(ValueError):
    """A value does not reach PostgreSQL as it was given, so the query can't be kept."""


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a parameter comes from: an argument, or its member at a place."""

    name: str
    place: int | None = None

    def of(self, arguments: dict[str, Any]) -> Any:
        value = arguments[self.name]
        return value if self.place is None else value[self.place]


class _Kept:
    """A query as it was built with stand-ins, and where each of its parameters comes from."""

    def __init__(self, queryset: QuerySet[Any, Any], stand_ins: dict[Any, _Value]) -> None:
        compiler: Any = queryset.query.get_compiler(queryset.db)
        self.using = queryset.db
        self.sql, given = compiler.as_sql()
        self.parameters = [stand_ins.get(_key(value), value) for value in given]
        self.kinds = [type(value) if isinstance(value, int) else None for value in given]
        missing = set(stand_ins.values()) - set(filter(_is_value, self.parameters)) - {_BRAND}
        left = [value for value in self.parameters if not _is_value(value) and _holds(value)]
        if missing or left or _holds(self.sql) or queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise NotKeptError(f"{sorted(value.name for value in missing)} {left} in {self.sql}")
        self.plan = RowPlan(queryset, compiler)

    def rows(self, arguments: dict[str, Any]) -> list[Any]:
        return self.plan.rows(self._fetched(self.sql, arguments), connections[self.using])

    def count(self, arguments: dict[str, Any]) -> int:
        counting = f"SELECT COUNT(*) FROM ({self.sql}) AS counted"  # noqa: S608 - Django's own
        [(rows,)] = self._fetched(counting, arguments)
        return int(rows)

    def _fetched(self, sql: str, arguments: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, tuple(self._values(arguments)))
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

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        self.kept: dict[Any, _Kept | None] = {}
        update_wrapper(self, build)

    def __call__(self, **arguments: Any) -> list[Any]:
        """Return the rows."""
        kept, values = self._kept_for(arguments)
        if kept is TOO_MANY:
            return list(self.build(**arguments))
        return kept.rows(values) if kept else []

    def count(self, **arguments: Any) -> int:
        """Return how many rows there are."""
        kept, values = self._kept_for(arguments)
        if kept is TOO_MANY:
            return self.build(**arguments).count()
        return kept.count(values) if kept else 0

    def _kept_for(self, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The query of this shape, and its values. None where no row can match."""
        is_in_scope, brand = scope_in_use()
        shape = (
            is_in_scope, type(brand), timezone.get_current_timezone_name(),
            *((name, _shape(value)) for name, value in arguments.items()),
        )  # fmt: skip
        if shape not in self.kept:
            if len(self.kept) >= MAX_SHAPES:
                return TOO_MANY, arguments
            self.kept[shape] = _built(self.build, arguments, brand)
        return self.kept[shape], {**arguments, "brand": brand}


TOO_MANY = object()  # shapes of one query


def kept_query(build: Callable[..., QuerySet[Any, Any]]) -> KeptQuery:
    """Build the function's query once for each shape of its arguments; a call returns the rows."""
    return KeptQuery(build)


def _built(
    build: Callable[..., QuerySet[Any, Any]], arguments: dict[str, Any], brand: int | None
) -> _Kept | None:
    """None where no row can match, and PostgreSQL is asked nothing."""
    stand_ins: dict[Any, _Value] = {BRAND: _BRAND} if brand is not None else {}
    given = {}
    for name, value in arguments.items():
        if isinstance(value, list | tuple):
            places = [_Value(name, place) for place in range(len(value))]
            made = [_stand_in(one, len(stand_ins) + place) for place, one in enumerate(value)]
            given[name] = made
            stand_ins.update(zip(map(_key, made), places, strict=True))
        elif type(value) in VARYING:
            given[name] = _stand_in(value, len(stand_ins))
            stand_ins[_key(given[name])] = _Value(name)
        else:
            given[name] = value
    try:
        if brand is None:
            return _Kept(build(**given), stand_ins)
        with acting_for(BRAND):
            return _Kept(build(**given), stand_ins)
    except EmptyResultSet:
        return None


VARYING = (int, str, date, datetime, UUID)


def _shape(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(type, value)))
    return type(value) if type(value) in VARYING else value


def _stand_in(value: Any, number: int) -> Any:
    kind = type(value)
    if kind is int:
        return FIRST + number
    if kind is str:
        return f"{WORD}{number}-"
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
    return WORD in text or str(FIRST)[:7] in text or "1903-" in text or UUID_MARK in text
