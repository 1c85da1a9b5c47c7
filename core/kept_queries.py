"""Queries whose SQL Django builds once per process; afterwards only their values change.

Building a query of some subqueries takes Django several times as long as PostgreSQL takes to answer
it. `kept_query` decorates a function that builds a queryset from its keyword arguments:

    @kept_query
    def _counts(*, project_ids: Sequence[int]) -> QuerySet[ProjectMember]:
        return ProjectMember.objects.filter(project__in=project_ids).values("step")…

Called, it returns the rows. The function runs once for each shape of its arguments, with values
that stand in for the real ones; NotKeptError says that one of them did not reach PostgreSQL as it
was. Numbers, texts, days, moments and lists of them vary. Anything else is part of the shape, as
are the length of a list, the time zone, and whether one brand is acted for, all, or none. The brand
is a value.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone

from core.tenancy import acting_for, scope_in_use

MAX_SHAPES = 200  # of one query
FIRST = 7_310_000_000_000  # far from any id
BRAND = FIRST - 1
WORD = "stand-in-"


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
        self.queryset = queryset
        self.compiler: Any = queryset.query.get_compiler(queryset.db)
        self.sql, given = self.compiler.as_sql()
        self.parameters = [stand_ins.get(_key(value), value) for value in given]
        self.kinds = [type(value) if isinstance(value, int) else None for value in given]
        missing = set(stand_ins.values()) - set(filter(_is_value, self.parameters)) - {_BRAND}
        left = [value for value in self.parameters if not _is_value(value) and _holds(value)]
        if missing or left or _holds(self.sql) or queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise NotKeptError(f"{sorted(value.name for value in missing)} {left} in {self.sql}")

    def rows(self, arguments: dict[str, Any]) -> list[Any]:
        compiler = copy.copy(self.compiler)  # which other threads are reading
        compiler.connection = connections[compiler.using]  # this thread's
        found = self.sql, tuple(self._values(arguments))
        compiler.as_sql = lambda *args, **kwargs: found
        rows_of: Any = self.queryset._iterable_class
        return list(rows_of(_Compiled(self.queryset, compiler)))

    def _values(self, arguments: dict[str, Any]) -> Iterator[Any]:
        for value, kind in zip(self.parameters, self.kinds, strict=True):
            if not isinstance(value, _Value):
                yield value
            else:
                yield kind(value.of(arguments)) if kind else value.of(arguments)


class _Compiled:
    """A queryset, and in its query's place one that is compiled."""

    def __init__(self, queryset: QuerySet[Any, Any], compiler: Any) -> None:
        self.queryset = queryset
        self.query = SimpleNamespace(
            **vars(queryset.query), get_compiler=lambda using: compiler,
            annotation_select=queryset.query.annotation_select,
            extra_select=queryset.query.extra_select,
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return getattr(self.queryset, name)


_BRAND = _Value("brand")


def kept_query(build: Callable[..., QuerySet[Any, Any]]) -> Callable[..., list[Any]]:
    """Build the function's query once for each shape of its arguments; a call returns the rows."""
    kept: dict[Any, _Kept | None] = {}

    @wraps(build)
    def rows(**arguments: Any) -> list[Any]:
        is_in_scope, brand = scope_in_use()
        shape = (
            is_in_scope, type(brand), timezone.get_current_timezone_name(),
            *((name, _shape(value)) for name, value in arguments.items()),
        )  # fmt: skip
        if shape not in kept:
            if len(kept) >= MAX_SHAPES:
                return list(build(**arguments))
            kept[shape] = _built(build, arguments, brand)
        found = kept[shape]
        return found.rows({**arguments, "brand": brand}) if found else []

    return rows


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


VARYING = (int, str, date, datetime)


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
    return WORD in text or str(FIRST)[:7] in text or "1903-" in text
