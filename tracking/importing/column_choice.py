"""Which columns of a file are read, and as what: by their names, or as staff chose last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from tracking.importing.csv_rows import column_name
from tracking.importing.entries import ORDERS, REFUNDS, EntryKind
from tracking.models import ColumnMapping


@dataclass(frozen=True, slots=True)
class ImportField:
    """A column that an import reads, and its name for people."""

    name: str
    label: str
    is_required: bool = False


FIELDS: Mapping[str, Sequence[ImportField]] = {
    ORDERS.name: (
        ImportField("order_id", "Order number", is_required=True),
        ImportField("ordered_at", "Time of the order", is_required=True),
        ImportField("currency", "Currency", is_required=True),
        ImportField("quantity", "Quantity", is_required=True),
        ImportField("unit_price", "Price of a piece without tax", is_required=True),
        ImportField("discount_code", "Promo code"),
        ImportField("customer_id", "Customer number"),
        ImportField("sku", "SKU"),
        ImportField("product", "Product"),
        ImportField("discount", "Discount of the line"),
        ImportField("line_id", "Number of the line"),
        ImportField("collections", "Collections"),
        ImportField("commissionable", "Earns commission (yes or no)"),
        ImportField("new_customer", "New customer (yes or no)"),
        ImportField("payment_status", "Payment status"),
        ImportField("cancelled_at", "Time of cancelling"),
        ImportField("is_test", "Test order (yes or no)"),
        ImportField("updated_at", "Time of the last change"),
    ),
    REFUNDS.name: (
        ImportField("refund_id", "Refund number", is_required=True),
        ImportField("order_id", "Order number", is_required=True),
        ImportField("refunded_at", "Time of the refund", is_required=True),
        ImportField("currency", "Currency", is_required=True),
        ImportField("amount", "Amount"),
        ImportField("sku", "SKU"),
        ImportField("quantity", "Quantity"),
        ImportField("line_id", "Number of the line"),
    ),
}


def columns_for(kind: EntryKind, header: Iterable[str]) -> dict[str, str]:
    """Return the column of the file for each of ours: the remembered one, or that of the same name.

    The value is "" for a column that the file does not have, and for one that staff chose not to
    read.
    """
    there = {column_name(name) for name in header} - {""}
    row = ColumnMapping.objects.filter(kind=kind.name).first()
    remembered: Mapping[str, str | None] = row.columns if row else {}
    usual = {name: column or "" for name, column in remembered.items() if column in {None, *there}}
    found = {}
    for field in FIELDS[kind.name]:
        same = field.name if field.name in there - set(usual.values()) else ""
        found[field.name] = usual.get(field.name, same)
    return found


def missing_fields(kind: EntryKind, columns: Mapping[str, str]) -> list[ImportField]:
    """Return the fields without which nothing can be imported, and which the file lacks."""
    return [
        field for field in FIELDS[kind.name] if field.is_required and not columns.get(field.name)
    ]


@transaction.atomic
def remember_columns(
    *,
    kind: EntryKind,
    columns: Mapping[str, str],
    header: Iterable[str],
    by: Actor,
    now: datetime,
) -> ColumnMapping:
    """Remember which columns the brand's files of this kind have, as staff chose for one file.

    That one of ours is not read is remembered only if the file has a column of that name. Else it
    would hide the column of a later file.
    """
    there = {column_name(name) for name in header}
    chosen = {name: column or None for name, column in columns.items() if column or name in there}
    row, _ = ColumnMapping.objects.update_or_create(kind=kind.name, defaults={"columns": chosen})
    audit.record(action="columns.chosen", target=row, by=by, now=now, kind=kind.name)
    return row
