"""What is only ever added to: PostgreSQL refuses to change or delete a row of it."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.db import ProgrammingError, connection, transaction

from core.tenancy import TenantModel
from tests.architecture.rows import insert, name_of, new_brand, take_checks_away

APPEND_ONLY = {
    "accounts.AuditEntry",
    "accounts.OperatorAction",
    "offers.Terms",  # once they have begun; before, they can be withdrawn
    "offers.WithdrawnTerms",
    "payouts.LedgerEntry",
    "tracking.OrderRevision",
}


STATEMENTS = ["UPDATE {} SET id = id WHERE id = %s", "DELETE FROM {} WHERE id = %s"]


def guarded() -> list[Any]:
    """The models that a trigger protects."""
    return [
        model for model, trigger in pgtrigger.registered() if isinstance(trigger, pgtrigger.Protect)
    ]


def test_the_append_only_models_are_these() -> None:
    assert {name_of(model) for model in guarded()} == APPEND_ONLY


@pytest.mark.parametrize("model", guarded(), ids=name_of)
@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.django_db
def test_a_row_is_neither_changed_nor_deleted(model: type[TenantModel], statement: str) -> None:
    take_checks_away()
    row = insert(model, {"brand_id": new_brand()})
    table = connection.ops.quote_name(model._meta.db_table)

    with (
        pytest.raises(ProgrammingError, match="Cannot update or delete rows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table), [row])

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE id = %s", [row])  # noqa: S608
        assert cursor.fetchone() == (1,)
