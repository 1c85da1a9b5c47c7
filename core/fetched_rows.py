"""Make the rows of a queryset out of what PostgreSQL returned, by a plan that is made once.

Django works out for each query which column belongs where, and makes each instance of a model by
its general `__init__`, with signals that no model of this product has. Here both are settled when a
query is built, so a row costs little more than its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    NamedValuesListIterable,
    ValuesIterable,
    ValuesListIterable,
)
from django.db.models.utils import create_namedtuple_class

Row = tuple[Any, ...]
Maker = Callable[[Row], Any]


def fetch_rows(queryset: QuerySet[Any, Any]) -> list[Any]:
    """Return what `list(queryset)` would, with cheaper rows. Raises UnknownRowsError."""
    if queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        raise UnknownRowsError("What is fetched beside the rows is not fetched here.")
    compiler: Any = queryset.query.get_compiler(queryset.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return []
    connection = connections[queryset.db]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        fetched = cursor.fetchall()
    return RowPlan(queryset, compiler).rows(fetched, connection)


class UnknownRowsError(TypeError):
    """A queryset has rows of a kind that is not made here."""


class RowPlan:
    """How the rows of one compiled queryset are made."""

    def __init__(self, queryset: QuerySet[Any, Any], compiler: Any) -> None:
        width: int = compiler.col_count
        self._converters = list(
            compiler.get_converters([column for column, *_ in compiler.select[:width]]).items()
        )
        self._width = width if compiler.has_extra_select else None
        self._make = _maker(queryset, compiler)

    def rows(self, fetched: Iterable[Row], connection: Any) -> list[Any]:
        """Return what the queryset would yield for these rows of a cursor."""
        if self._width is not None:
            fetched = [row[: self._width] for row in fetched]
        if self._converters:
            fetched = self._converted(fetched, connection)
        return [self._make(row) for row in fetched]

    def _converted(self, fetched: Iterable[Row], connection: Any) -> Iterable[Row]:
        """The rows with the values that Django makes, column by column."""
        columns: list[Iterable[Any]] = list(zip(*fetched, strict=True))
        if not columns:
            return []
        for place, (converters, expression) in self._converters:
            for convert in converters:
                columns[place] = [
                    convert(value, expression, connection) for value in columns[place]
                ]
        return zip(*columns, strict=True)


def _maker(queryset: QuerySet[Any, Any], compiler: Any) -> Maker:
    query: Any = queryset.query
    kind: Any = queryset._iterable_class
    if kind is ModelIterable:
        return _annotated(_instance_maker(compiler.klass_info, compiler.select, queryset.db),
                          compiler.annotation_col_map)  # fmt: skip
    if kind is FlatValuesListIterable:
        return itemgetter(0)
    if kind is ValuesListIterable:
        return tuple
    names = list(
        query.selected or (*query.extra_select, *query.values_select, *query.annotation_select)
    )
    if kind is ValuesIterable:
        return lambda row: dict(zip(names, row, strict=True))
    if kind is NamedValuesListIterable:
        named = create_namedtuple_class(*(queryset._fields or names))  # type: ignore[attr-defined]
        return lambda row: named(*row)
    raise UnknownRowsError(f"{kind.__name__} is not known here")


def _annotated(make: Maker, places: dict[str, int] | None) -> Maker:
    if not places:
        return make
    annotations = list(places.items())

    def annotated(row: Row) -> Any:
        instance = make(row)
        for name, place in annotations:
            setattr(instance, name, row[place])
        return instance

    return annotated


def _instance_maker(info: dict[str, Any], select: list[Any], using: str) -> Maker:
    """What makes the instance of a model, and those that `select_related` fetched with it."""
    model: type[Model] = info["model"]
    if model.__init__ is not Model.__init__ or "from_db" in vars(model) or info.get("from_parent"):
        raise UnknownRowsError(f"{model.__name__} makes its instances itself")
    places: list[int] = info["select_fields"]
    names = [select[place][0].target.attname for place in places]
    first, end = places[0], places[-1] + 1
    related = [
        (
            _instance_maker(of, select, using),
            _place_of_pk(of, select),
            of["local_setter"],
            of["remote_setter"],
        )
        for of in info.get("related_klass_infos", [])
    ]  # fmt: skip

    def make(row: Row) -> Model:
        instance = model.__new__(model)
        state = ModelState()
        state.adding, state.db = False, using
        values = instance.__dict__
        values["_state"] = state
        values.update(zip(names, row[first:end], strict=True))
        for make_other, place, set_here, set_there in related:
            other = make_other(row) if row[place] is not None else None
            set_here(instance, other)
            if other is not None:
                set_there(other, instance)
        return instance

    return make


def _place_of_pk(info: dict[str, Any], select: list[Any]) -> int:
    name = info["model"]._meta.pk.attname
    places: list[int] = info["select_fields"]
    return next(place for place in places if select[place][0].target.attname == name)
