"""Test mode: a second brand that belongs to a live one, with test keys and test data only.

It is a brand like others, so no figure, list or mail of the live brand can hold what is in it. Its
staff are those of the live brand. `accounts.test_mode_triggers` has what PostgreSQL refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import pgtrigger
from django.apps import apps
from django.db import connection, transaction

from accounts.actors import Actor
from accounts.api_keys import NewApiKey, create_api_key
from accounts.audit_log import audit
from accounts.models import ApiKey, Brand
from accounts.selectors import test_brand_of
from core.tenancy import TenantModel, acting_for

MAX_SLUG = 60
MAX_NAME = 120
MAX_ROWS_AT_ONCE = 100_000  # deleting more takes longer than a page may
KEPT = (ApiKey,)  # when the test data are deleted


class TooMuchTestDataError(ValueError):
    """There is more than a page may delete; the text says what to do."""


@transaction.atomic
def open_test_brand(*, brand: Brand, by: Actor, now: datetime) -> Brand:
    """Return the test brand of a live brand; the first call makes it."""
    live = Brand.objects.select_for_update().get(pk=brand.pk)
    found = test_brand_of(live)
    if found is not None:
        return found
    made = Brand.objects.create(
        slug=_free_slug(live),
        name=f"{live.name[: MAX_NAME - len(' (test)')]} (test)",
        currency=live.currency,
        time_zone=live.time_zone,
        accent=live.accent,
        minimum_payout_minor=live.minimum_payout_minor,
        clicks_kept_months=live.clicks_kept_months,
        created_at=now,
        test_of=live,
    )
    with acting_for(live):
        audit.record(action="test_mode.opened", target=made, by=by, now=now)
    return made


def create_test_api_key(
    *,
    brand: Brand,
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    allowed_addresses: Sequence[str],
    by: Actor,
    now: datetime,
) -> NewApiKey:
    """Make a test key of a live brand. Raises accounts.api_keys.ApiKeyError."""
    with transaction.atomic():
        test_brand = open_test_brand(brand=brand, by=by, now=now)
        with acting_for(test_brand):
            return create_api_key(
                label=label,
                scopes=scopes,
                expires_at=expires_at,
                allowed_addresses=allowed_addresses,
                by=by,
                now=now,
            )


@transaction.atomic
def delete_test_data(*, brand: Brand, by: Actor, now: datetime, limit: int | None = None) -> int:
    """Delete everything in a test brand but its keys; return how many rows there were.

    Raises TooMuchTestDataError for more than `limit` rows, and ValueError for a live brand.
    """
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    if not row.is_test:
        raise ValueError(f"{row.slug} is a live brand")
    tables = list(_tables())
    if limit is not None:
        _check_size(tables, row, limit)
    deleted = _delete(tables, row)
    with acting_for(row.test_of_id or 0):
        audit.record(action="test_mode.emptied", target=row, by=by, now=now, rows=deleted)
    return deleted


def _tables() -> Iterator[str]:
    for model in apps.get_models():
        is_table = issubclass(model, TenantModel) and not model._meta.proxy
        if is_table and model not in KEPT:
            yield connection.ops.quote_name(model._meta.db_table)


def _check_size(tables: Sequence[str], brand: Brand, limit: int) -> None:
    counts = " + ".join(
        f"(SELECT count(*) FROM (SELECT FROM {table} WHERE brand_id = %s LIMIT %s) AS few)"  # noqa: S608
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [brand.pk, limit + 1] * len(tables))
        [found] = cursor.fetchone()
    if found > limit:
        raise TooMuchTestDataError(
            f"There are more than {limit:,} rows of test data, which a page can't delete. Ask your"
            f" operator to run: manage.py delete_test_data --brand {brand.slug}"
        )


def _delete(tables: Sequence[str], brand: Brand) -> int:
    """Delete the brand's rows of all tables in one statement.

    PostgreSQL then checks the references between them once all are gone, whatever the sequence.
    Triggers that keep facts and count totals are left out: nothing that they guard remains.
    """
    parts = ", ".join(
        f"t{number} AS (DELETE FROM {table} WHERE brand_id = %s RETURNING 1)"  # noqa: S608
        for number, table in enumerate(tables)
    )
    counts = " + ".join(f"(SELECT count(*) FROM t{number})" for number in range(len(tables)))  # noqa: S608
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(f"WITH {parts} SELECT {counts}", [brand.pk] * len(tables))
        [deleted] = cursor.fetchone()
    return int(deleted)


def _free_slug(live: Brand) -> str:
    """Return `<slug>-test`, or with a number where another brand has that."""
    number = 1
    while True:
        end = "-test" if number == 1 else f"-test-{number}"
        slug = live.slug[: MAX_SLUG - len(end)] + end
        if not Brand.objects.filter(slug=slug).exists():
            return slug
        number += 1
