"""After a test that commits, the next one finds an empty database: see tests.emptying."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import TransactionTestCase

from accounts.models import AuditEntry, Brand
from core.tenancy import acting_for
from tests import emptying
from tests.cast import Cast
from tests.emptying import KEPT, empty_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("most_bytes", [emptying.MAX_BYTES, 0])
def test_every_table_is_emptied_but_what_migrations_fill(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, most_bytes: int
) -> None:
    """By DELETE, although the audit log refuses it, and by TRUNCATE."""
    monkeypatch.setattr("tests.emptying.MAX_BYTES", most_bytes)
    with acting_for(cast.juniper):
        assert AuditEntry.objects.exists()

    empty_database(TransactionTestCase())

    with connection.cursor() as cursor:
        names = connection.introspection.django_table_names(only_existing=True)
        left = ", ".join(f"EXISTS (SELECT FROM {name})" for name in sorted({*names} - {*KEPT}))
        cursor.execute(f"SELECT {left}")
        assert not any(cursor.fetchone())
    assert not Brand.objects.exists()
    assert Permission.objects.exists()


def test_django_empties_it_so_after_every_test_that_commits() -> None:
    assert TransactionTestCase._fixture_teardown is empty_database  # type: ignore[attr-defined]
