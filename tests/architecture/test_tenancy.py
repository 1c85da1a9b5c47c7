"""No row of one brand is seen, saved or pointed at by another: every model, every reference."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from core.tenancy import (
    NoBrandInScopeError,
    TenantForeignKey,
    TenantModel,
    WrongBrandError,
    acting_for,
)
from offers.models import Enrollment
from tests.architecture.rows import (
    OURS,
    TENANT_MODELS,
    check_references_now,
    insert,
    name_of,
    new_brand,
    take_checks_away,
    tenant_keys,
)
from tests.cast import Cast
from tests.snapshot import snapshot
from tracking.models import Click, TrackingLink

# The brand itself, people who may have to do with several, and what all brands share.
NOT_TENANTS = {
    "accounts.Brand",
    "accounts.CodeCount",
    "accounts.LoginFailure",
    "accounts.MailedCode",
    "accounts.OperatorAction",
    "accounts.Session",
    "accounts.User",
    "core.Round",
    "affiliates.Creator",
    "notifications.SendingAccount",
    "payouts.PayoutDetails",
    "tracking.ClickBatch",
    "tracking.RefusedClicks",
    "tracking.VisitorKey",
    "webhooks.Sender",
}
# What is looked up before its brand is known, or over all of them.
OVER_ALL_BRANDS = {
    "accounts_idempotent_age",
    "accounts_outbox_age",
    "background_work_files",
    "background_work_live",
    "affiliates_member_creator",
    "integrations_connection_fill",
    "integrations_discount_due",
    "integrations_event_body",
    "integrations_event_deleted",
    "integrations_event_due",
    "integrations_event_orders",
    "integrations_refused_hour",
    "notices_notice_old",
    "notifications_campaign_live",
    "notifications_message_provider",
    "notifications_message_lost",
    "notifications_message_public",
    "payouts_release_creator",
    "tracking_linkdomain_due",
    "tracking_source_click",
    "tracking_source_waiting",
    "webhooks_attempt_old",
    "webhooks_delivery_body",
}

SOURCES = {model.__module__ for model in TENANT_MODELS}

every_tenant_model = pytest.mark.parametrize("model", TENANT_MODELS, ids=name_of)
# One reference holds a click's brand, link and enrollment: that to its link. See its own test.
KEYS = [(model, key) for model, key in tenant_keys() if model is not Click]
every_tenant_key = pytest.mark.parametrize(
    ("model", "key"), KEYS, ids=[f"{model._meta.label}.{key.name}" for model, key in KEYS]
)


def columns_of(constraint_type: str, table: str) -> set[tuple[tuple[str, ...], str, Any]]:
    """Constraints of a table: their columns, the table they point to and its columns."""
    named = (
        "(SELECT array_agg(attname::text ORDER BY place) FROM unnest({keys}) WITH ORDINALITY"
        " AS key(number, place) JOIN pg_attribute ON attrelid = {table} AND attnum = key.number)"
    )
    own = named.format(keys="conkey", table="conrelid")
    other = named.format(keys="confkey", table="confrelid")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {own}, confrelid::regclass::text, {other} FROM pg_constraint"  # noqa: S608
            " WHERE contype = %s AND conrelid = %s::regclass AND convalidated",
            [constraint_type, table],
        )
        return {
            (tuple(columns), target, tuple(theirs or ()))
            for columns, target, theirs in cursor.fetchall()
        }


def test_a_model_is_a_tenants_or_says_that_it_is_not() -> None:
    assert len(TENANT_MODELS) > 15
    assert {name_of(model) for model in OURS} - {name_of(model) for model in TENANT_MODELS} == (
        NOT_TENANTS
    )


@every_tenant_model
@pytest.mark.django_db
def test_every_row_has_a_brand_and_is_unique_in_it(model: type[TenantModel]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT is_nullable FROM information_schema.columns"
            " WHERE table_name = %s AND column_name = 'brand_id'",
            [table],
        )
        assert cursor.fetchall() == [("NO",)]

    if model is Click:  # the unique keys of a table in partitions hold its column
        assert ("brand_id", "id", "clicked_at") in {key for key, _, _ in columns_of("p", table)}
        return
    assert ("brand_id", "id") in {columns for columns, _, _ in columns_of("u", table)}
    assert (("brand_id",), "accounts_brand", ("id",)) in columns_of("f", table)


@every_tenant_model
def test_outside_of_a_brand_nothing_can_be_asked(model: type[TenantModel]) -> None:
    managers = {model._default_manager, model._base_manager, *model._meta.managers}

    for manager in managers:
        with pytest.raises(NoBrandInScopeError):
            manager.all()
        with pytest.raises(NoBrandInScopeError):
            manager.filter(pk=1)


def named_querysets(manager: Any) -> list[str]:
    """The querysets that a model's manager names itself, and that take no arguments."""
    own = manager._queryset_class
    named = {name for one in own.__mro__ if one.__module__ in SOURCES for name in vars(one)}
    return sorted(
        name
        for name in named - set(vars(models.QuerySet))
        if not name.startswith("_") and len(inspect.signature(getattr(own, name)).parameters) == 1
    )


def test_outside_of_a_brand_named_querysets_can_not_be_asked_either() -> None:
    asked = []
    for model in TENANT_MODELS:
        for name in named_querysets(model._default_manager):
            with pytest.raises(NoBrandInScopeError):
                getattr(model._default_manager, name)()
            asked.append(name)

    assert {"active", "deep", "in_use", "main", "not_removed", "reached"} <= set(asked)


@every_tenant_model
def test_inside_a_brand_only_its_rows_are_asked_for(model: type[TenantModel]) -> None:
    table = model._meta.db_table
    with acting_for(4711):
        asked = [
            str(manager.all().query) for manager in (model._default_manager, model._base_manager)
        ]

    assert all(f'"{table}"."brand_id" = 4711' in query for query in asked)


@every_tenant_model
def test_an_index_starts_with_the_brand(model: type[TenantModel]) -> None:
    late = {
        index.name
        for index in model._meta.indexes
        if index.fields and index.fields[0].lstrip("-") != "brand"
    }

    assert late <= OVER_ALL_BRANDS


@every_tenant_model
@pytest.mark.django_db
def test_a_row_of_another_brand_is_not_saved(model: type[TenantModel], cast: Cast) -> None:
    before = snapshot()

    with acting_for(cast.juniper):
        with pytest.raises(WrongBrandError):
            model(brand=cast.saltmarsh).save()
        with pytest.raises(WrongBrandError):
            model._default_manager.bulk_create([model(brand=cast.saltmarsh)])
    with pytest.raises(NoBrandInScopeError):
        model(brand=cast.saltmarsh).save()

    assert snapshot() == before


def row_of(model: type[TenantModel], brand: int) -> int:
    """A row of the brand. A click has the enrollment of its link."""
    given = {"brand_id": brand}
    if model is Click:
        given["enrollment_id"] = insert(Enrollment, given)
        given["link_id"] = insert(TrackingLink, given)
    return insert(model, given)


@every_tenant_model
@pytest.mark.django_db
def test_a_row_of_another_brand_is_not_found(model: type[TenantModel]) -> None:
    take_checks_away()
    brand = new_brand()
    own, foreign = row_of(model, brand), row_of(model, new_brand())

    with acting_for(brand):
        rows = model._default_manager.filter(pk__in=[foreign, own])
        assert set(rows.values_list("pk", flat=True)) == {own}


@every_tenant_model
def test_a_tenants_reference_to_a_tenant_is_a_tenant_foreign_key(model: type[TenantModel]) -> None:
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel):
            assert isinstance(field, TenantForeignKey), field
    assert model._meta.local_many_to_many == []


def test_nothing_that_is_no_tenants_points_at_a_tenant() -> None:
    for model in apps.get_models(include_auto_created=True):
        if not issubclass(model, TenantModel):
            for field in model._meta.local_fields:
                target = field.related_model
                assert target is None or not issubclass(target, TenantModel), field


@every_tenant_key
@pytest.mark.django_db
def test_a_reference_is_held_by_postgresql_together_with_the_brand(
    model: type[TenantModel], key: TenantForeignKey
) -> None:
    wanted = (("brand_id", key.column), key.related_model._meta.db_table, ("brand_id", "id"))

    assert wanted in columns_of("f", model._meta.db_table)


@every_tenant_model
@pytest.mark.django_db
def test_every_number_that_points_somewhere_is_held(model: type[TenantModel]) -> None:
    """Also those that are no field of Django's, such as the ledger's conversion_id."""
    keys = {columns for columns, _, _ in columns_of("f", model._meta.db_table)}
    held = {column for columns in keys for column in columns}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
            " AND column_name LIKE '%%\\_id' AND data_type = 'bigint'",
            [model._meta.db_table],
        )
        pointing = {column for (column,) in cursor.fetchall()}

    assert pointing <= held


@pytest.mark.django_db
def test_a_click_belongs_to_the_brand_and_the_member_of_its_link() -> None:
    wanted = (
        ("brand_id", "link_id", "enrollment_id"),
        "tracking_trackinglink",
        ("brand_id", "id", "enrollment_id"),
    )

    assert columns_of("f", "tracking_click") == {wanted}


@every_tenant_key
@pytest.mark.django_db
def test_a_row_can_not_point_into_another_brand(
    model: type[TenantModel], key: TenantForeignKey
) -> None:
    take_checks_away()
    brand = new_brand()
    own = insert(key.related_model, {"brand_id": brand})
    foreign = insert(key.related_model, {"brand_id": new_brand()})

    point(model, brand, key.column, own)
    with pytest.raises(IntegrityError) as refused:
        point(model, brand, key.column, foreign)

    assert (
        refused.value.__cause__.diag.constraint_name  # type: ignore[union-attr]
        == (f"{model._meta.db_table}_{key.column}_tenant_fk"[:63])
    )


@transaction.atomic
def point(model: type[TenantModel], brand: int, column: str, target: int) -> None:
    """Make a row that points to `target`, and let PostgreSQL look at it."""
    insert(model, {"brand_id": brand, column: target})
    check_references_now()
