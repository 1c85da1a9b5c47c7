"""Features of PostgreSQL that Django does not offer.

Composite tenant foreign keys, append-only tables, checks of JSON, COPY, advisory locks, and what a
unique constraint refuses. No domain knowledge.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import partial, wraps
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import (
    BooleanField,
    CharField,
    F,
    Field,
    Func,
    JSONField,
    Lookup,
    Model,
    TextField,
    Value,
)
from django.db.models.expressions import DatabaseDefault
from django.utils.deconstruct import deconstructible
from psycopg.errors import DeadlockDetected, UniqueViolation
from psycopg.types.json import Jsonb

P = ParamSpec("P")
R = TypeVar("R")
DEADLOCK_TRIES = 3
ADVISORY_SPACE = 0x7472  # keeps our advisory locks apart from those of other software


@deconstructible(path="core.db.NoneIn")
class NoneIn(Func):
    """A check constraint's condition: an SQL/JSON path finds nothing in a JSON column."""

    function = "jsonb_path_exists"
    template = "NOT %(function)s(%(expressions)s)"
    output_field = BooleanField()

    def __init__(self, column: str, path: str) -> None:
        super().__init__(F(column), Value(path))


@Field.register_lookup
class Among(Lookup):
    """`field__among=[…]`: the same as `field__in`, with the whole list as one parameter.

    The SQL is the same for lists of any length, so a kept query is built once for all of them. The
    subquery hides the list from PostgreSQL's planner, which else estimates how many rows each
    member has. For sixty numbers of orders, that took 2 ms, and to find them 0.06.
    """

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        return [self.lhs.output_field.get_prep_value(value) for value in self.rhs]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, given = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        # A shorter type would cut a longer text, which then equals another one.
        kind = "text" if isinstance(field, CharField | TextField) else field.db_type(connection)
        return f"{left} = ANY((SELECT %s::{kind}[])::{kind}[])", (*given, self.rhs)


def append_only(name: str, *, when: str = "") -> pgtrigger.Protect:
    """Return a trigger that refuses UPDATE and DELETE on the table.

    With `when`, an SQL condition over `OLD`, it refuses that for the rows that fulfil it.
    """
    return pgtrigger.Protect(
        name=name,
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Condition(when) if when else None,
    )


class AddTenantReference(Operation):
    """Add FOREIGN KEY (brand_id, column) REFERENCES to_table (brand_id, id).

    It takes table names, for a column whose table is in a lower package than its target.
    """

    reversible = True

    def __init__(self, *, table: str, column: str, to_table: str) -> None:
        self.table, self.column, self.to_table = table, column, to_table

    @property
    def constraint(self) -> str:
        return f"{self.table}_{self.column}_tenant_fk"[:63]

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Do nothing: Django's migration state has no composite foreign keys."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        q = schema_editor.quote_name
        schema_editor.execute(
            f"ALTER TABLE {q(self.table)} ADD CONSTRAINT {q(self.constraint)}"
            f" FOREIGN KEY (brand_id, {q(self.column)})"
            f" REFERENCES {q(self.to_table)} (brand_id, id) DEFERRABLE INITIALLY DEFERRED"
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        q = schema_editor.quote_name
        schema_editor.execute(f"ALTER TABLE {q(self.table)} DROP CONSTRAINT {q(self.constraint)}")

    def describe(self) -> str:
        return f"Tenant foreign key {self.table}.{self.column} to {self.to_table}"


class AddTenantForeignKey(AddTenantReference):
    """The same for a `TenantForeignKey` field, with the names of its model and field."""

    def __init__(self, model_name: str, field: str) -> None:
        self.model_name, self.field = model_name, field

    def _resolve(self, app_label: str, state: ProjectState) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.field)
        assert field.related_model is not None  # noqa: S101
        super().__init__(
            table=model._meta.db_table,
            column=field.column,
            to_table=field.related_model._meta.db_table,
        )

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._resolve(app_label, to_state)
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._resolve(app_label, from_state)
        super().database_backwards(app_label, schema_editor, from_state, to_state)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__name__, [self.model_name, self.field], {}

    def describe(self) -> str:
        return f"Tenant foreign key {self.model_name}.{self.field}"


def copy_rows(*, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append `rows` with COPY in the current transaction. The caller checks their brand_id."""
    q = connection.ops.quote_name
    names = ", ".join(q(column) for column in columns)
    copy = f"COPY {q(table)} ({names}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(copy) as out:
        for row in rows:
            out.write_row(row)
    analyze_if_new(table)


def insert_rows(rows: Sequence[Model]) -> None:
    """Insert new rows of one table as `append_rows` does, and give each its id first."""
    q, meta = connection.ops.quote_name, rows[0]._meta
    with connection.cursor() as cursor:
        # Without OFFSET, PostgreSQL looks the sequence up anew for each number.
        sequence = "SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence OFFSET 0"
        cursor.execute(
            f"SELECT nextval(sequence) FROM ({sequence}) AS named, generate_series(1, %s)",  # noqa: S608
            [q(meta.db_table), len(rows)],
        )
        ids = [one for (one,) in cursor.fetchall()]
    for row, pk in zip(rows, ids, strict=True):
        row.pk = pk
    append_rows(rows)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def append_rows(rows: Sequence[Model]) -> None:
    """Insert new rows of one table with COPY.

    Columns that PostgreSQL fills are left to it, as are ids that the rows don't have. The caller
    has set the rows' brand.
    """
    meta = rows[0]._meta
    fields = [
        field
        for field in meta.concrete_fields
        if not isinstance(getattr(rows[0], field.attname), DatabaseDefault)
        and not (field.primary_key and rows[0].pk is None)
    ]
    copy_rows(
        table=meta.db_table,
        columns=[str(field.column) for field in fields],
        rows=_values_of(rows, fields),
    )


def _values_of(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> Iterator[Sequence[Any]]:
    """Yield the values of each row for COPY."""
    values_of = attrgetter(*(field.attname for field in fields))
    special = [
        (place, isinstance(field, JSONField))
        for place, field in enumerate(fields)
        if isinstance(field, JSONField | ArrayField)
    ]
    for row in rows:
        values = list(values_of(row))
        for place, is_json in special:
            if is_json:
                values[place] = Jsonb(values[place])
            elif values[place] == []:
                values[place] = "{}"  # saves adapting an empty list
        yield values


FEW_ROWS = 1_000
_inserts: Counter[str] = Counter()  # of this process, per table


def refresh_statistics(*models: type[Model]) -> None:
    """Run ANALYZE on these tables, in the midst of a load that is one transaction.

    A foreign key's check keeps the plan of its first use in a session. A plan made for an empty
    table may scan an index of the whole brand. A load into a new database would then get slower
    with every row until autovacuum, which looks once a minute, has gathered statistics.
    """
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


def analyze_if_new(table: str) -> None:
    """Do the same after the commit of an insert, if the table seemed almost empty before.

    It looks after the first insert of this process, and each time there were twice as many.
    """
    _inserts[table] += 1
    if _inserts[table].bit_count() == 1:
        transaction.on_commit(partial(_analyze, table), robust=True)


def _analyze(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        [(known_rows,)] = cursor.fetchall()
        if known_rows < FEW_ROWS:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(table)}")


def update_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Save these fields of rows of one table, in one statement.

    Django's `bulk_update` writes a CASE with a condition per row and field, which takes ten times
    as long for hundreds of rows. PostgreSQL checks the types: the values go there as one JSON text.
    The caller checks that the rows are of the current brand. Raises KeyError for a field that the
    rows do not have.
    """
    if not rows:
        return
    q, meta = connection.ops.quote_name, rows[0]._meta
    known = {field.name: field for field in meta.concrete_fields}
    columns = [known[name] for name in fields]
    names = [q(str(field.column)) for field in columns]
    types = ", ".join(
        f"{name} {field.db_type(connection)}" for name, field in zip(names, columns, strict=True)
    )
    values = [
        {"id": row.pk} | {str(field.column): getattr(row, field.attname) for field in columns}
        for row in rows
    ]
    changes = ", ".join(f"{name} = new.{name}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {q(meta.db_table)} AS kept SET {changes}"  # noqa: S608
            f" FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, {types})"
            " WHERE kept.id = new.id",
            [json.dumps(values, default=_as_text)],
        )


def _as_text(value: date | Decimal) -> str:
    """What PostgreSQL reads as the same value."""
    return str(value) if isinstance(value, Decimal) else value.isoformat()


def retried_transaction(act: Callable[P, R]) -> Callable[P, R]:
    """Run a function in a transaction, and again when it met another in a deadlock.

    PostgreSQL ends one of two transactions that wait for each other. What `act` did is undone then,
    so it must change nothing else. Inside another transaction it is part of that one.
    """

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for tries_left in reversed(range(DEADLOCK_TRIES)):
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except OperationalError as error:
                is_deadlock = isinstance(error.__cause__, DeadlockDetected)
                if not is_deadlock or not tries_left or connection.in_atomic_block:
                    raise
        raise AssertionError  # the last try returns or raises

    return run


@contextmanager
def raises_if_taken(*constraints: str, error: Callable[[], Exception]) -> Iterator[None]:
    """Raise `error()` where the block writes what one of these unique constraints refuses.

    Of two transactions that write it at once, the second waits for the first. Looking first
    would find nothing. The block is undone alone, so `error` can read what is there.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refused:
        cause = refused.__cause__
        if not isinstance(cause, UniqueViolation) or cause.diag.constraint_name not in constraints:
            raise
        raise error() from refused


_LOCK = """
SELECT count(pg_advisory_xact_lock(%s, key))
FROM (SELECT unnest(%s::int[]) AS key ORDER BY 1) AS ordered
"""


def lock_identities(identities: Iterable[str], *, is_shared: bool = False) -> None:
    """Take an advisory lock on each text until the transaction ends.

    The order is always the same, so two transactions never deadlock. Two texts may share a lock
    (32-bit hash): one transaction then waits for the other. Any number of transactions may hold a
    shared lock, while nobody holds one that is not.
    """
    keys = sorted({zlib.crc32(identity.encode()) - 2**31 for identity in identities})
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _LOCK.replace("lock(", "lock_shared(") if is_shared else _LOCK,
            [ADVISORY_SPACE, keys],
        )
