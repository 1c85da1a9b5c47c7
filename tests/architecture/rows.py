"""Make a row of any table with plain SQL, so that PostgreSQL alone decides what is allowed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from accounts.models import Brand
from core.tenancy import TenantForeignKey, TenantModel

TENANT_MODELS: list[type[TenantModel]] = [
    model
    for model in apps.get_models()
    if issubclass(model, TenantModel) and not model._meta.proxy  # another name for a table
]
OURS = [
    model
    for model in apps.get_models()
    if not model.__module__.startswith(("django.", "allauth.", "pgtrigger."))
    and not model._meta.proxy  # another name for a table
]


# A user who may have a role; other tables have no such column.
PROVEN = {"email_proven_at": datetime(2026, 11, 20, tzinfo=UTC)}


def name_of(model: type[models.Model]) -> str:
    return model._meta.label


def tenant_keys() -> list[tuple[type[TenantModel], TenantForeignKey]]:
    """Every reference from one tenant's row to another."""
    return [
        (model, field)
        for model in TENANT_MODELS
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]


def take_checks_away() -> None:
    """Drop our tables' check constraints for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid = ANY (%s::regclass[])",
            [[model._meta.db_table for model in OURS]],
        )
        for table, name in cursor.fetchall():
            quoted = connection.ops.quote_name(name)
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quoted}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def check_references_now() -> None:
    """Check the deferred constraints now instead of at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def new_brand() -> int:
    return insert(Brand, {})


def insert(model: type[models.Model], given: Mapping[str, Any]) -> int:
    """A row with the `given` columns, and a valid value in every other one without a default."""
    values = {
        column: given[column] if column in given else _something(field, given)
        for field in model._meta.local_concrete_fields
        if (column := str(field.column)) in given
        or not (field.primary_key or field.generated or field.has_db_default())
    }
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, values))
    marks = ", ".join(["%s"] * len(values))
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id",  # noqa: S608
            list(values.values()),
        )
        return int(cursor.fetchone()[0])


def _something(field: models.Field[Any, Any], given: Mapping[str, Any]) -> Any:
    if field.null:
        return None
    if isinstance(field, models.ForeignKey):
        target = field.related_model
        is_tenants = issubclass(target, TenantModel)
        return insert(target, {"brand_id": given["brand_id"]} if is_tenants else PROVEN)
    return _value(field)


def _value(field: models.Field[Any, Any]) -> Any:
    kind = field.get_internal_type()
    if kind == "JSONField":
        return "[]"
    if kind == "ArrayField":
        return []
    if kind == "UUIDField":
        return uuid.uuid4()
    if kind in {"DateTimeField", "DateField"}:
        return timezone.now()
    if kind == "BooleanField":
        return False
    if "Integer" in kind or kind == "DecimalField":
        return 1
    return uuid.uuid4().hex[: field.max_length or 32]
