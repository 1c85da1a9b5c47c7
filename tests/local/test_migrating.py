"""The quick way of migrating a local database makes what Django's own makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, migrations, models, transaction
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.local.drill import connecting
from config.local.drill.catalogue import Catalogue, catalogue_differences, read_catalogue
from config.local.migrating import StateOnDemand
from tests.programs import run_forked

# This app and all that it depends on are migrated; "": all apps, which takes Django half a minute.
APP = os.environ.get("MIGRATED_APP", "affiliates")
MIGRATE = """
import sys
from contextlib import nullcontext
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from config.local.migrating import rendered_on_demand

def migrate(database, way):
    connection.settings_dict["NAME"] = database
    with way:
        call_command("migrate", *apps, interactive=False, verbosity=0)
    connection.close()
    connection.close_pool()

ours, django, *apps = sys.argv[1:]
migrate(ours, rendered_on_demand())
migrate(django, nullcontext())
"""


@pytest.fixture
def empty(db: None) -> Iterator[dict[str, str]]:
    """The names of two databases in which nothing is, one for each way."""
    name = connection.settings_dict["NAME"]
    made = {way: f"{name}_{way}" for way in ("ours", "django")}
    with connection._nodb_cursor() as cursor:
        for database in made.values():
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')
            cursor.execute(f'CREATE DATABASE "{database}" TEMPLATE template0')
    yield made
    with connection._nodb_cursor() as cursor:
        for database in made.values():
            cursor.execute(f'DROP DATABASE "{database}"')


def test_both_ways_make_the_same_database(empty: dict[str, str]) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    address = os.environ["DATABASE_URL"].rpartition("/")[0]
    found: dict[str, Catalogue] = {}

    done = run_forked(
        MIGRATE, empty["ours"], empty["django"], *filter(None, [APP]), environment=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    for way, database in empty.items():
        with connecting.connect(f"{address}/{database}") as opened:
            found[way] = read_catalogue(opened)

    assert any("affiliates_member_owner_id_tenant_fk" in x for x in found["ours"]["constraints"])
    assert any("accounts_user" in line for line in found["ours"]["triggers"])
    assert catalogue_differences(found["django"], found["ours"]) == []


def key() -> tuple[str, models.Field[Any, Any]]:
    return "id", models.AutoField(primary_key=True)


def refers(to: str, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(to, models.CASCADE, **options)


def put_in(apps: Any, schema_editor: Any) -> None:
    shop = apps.get_model("toy", "Shop").objects.create(name="Soap & Co")
    item = shop.item_set.create()
    item.tag_set.create()


def count(apps: Any, schema_editor: Any) -> None:
    thing = apps.get_model("toy", "Thing")
    assert thing.objects.filter(shop__title="Soap & Co", tag__isnull=False).count() == 1
    apps.get_model("toy", "Shop").objects.all().delete()
    assert thing.objects.count() == 0


def operations() -> list[Operation]:
    """Some that reach further than their own model, and code that reads other models.

    They are made anew for each use, as Django changes them.
    """
    return [
        migrations.CreateModel("Shop", [key(), ("name", models.CharField(max_length=20))]),
        migrations.AlterField("Shop", "name", models.CharField(max_length=20, unique=True)),
        migrations.CreateModel("Item", [key(), ("shop", refers("toy.Shop"))]),
        migrations.CreateModel("Tag", [key(), ("items", models.ManyToManyField("toy.Item"))]),
        migrations.CreateModel("Sign", [key(), ("shop", refers("toy.Shop", to_field="name"))]),
        migrations.RunPython(put_in),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.AlterField("Shop", "id", models.BigAutoField(primary_key=True)),
        migrations.AlterField("Item", "id", models.BigAutoField(primary_key=True)),
        migrations.AlterField("Shop", "name", models.CharField(max_length=40, unique=True)),
        migrations.RenameField("Shop", "name", "title"),
        migrations.RenameModel("Item", "Thing"),
        migrations.AddField("Thing", "sign", refers("toy.Sign", null=True)),
        migrations.RemoveField("Thing", "sign"),
        migrations.DeleteModel("Sign"),
        migrations.RunPython(count),
    ]


def made_by(state: ProjectState) -> list[str]:
    """What the operations leave in the database, from where it is gone afterwards."""
    with transaction.atomic():
        for number, operation in enumerate(operations()):
            one = type("Migration", (migrations.Migration,), {"operations": [operation]})
            with connection.schema_editor() as editor:
                state = one(f"{number:04}", "toy").apply(state, editor)
        catalogue = read_catalogue(connection.connection)
        transaction.set_rollback(True)
    return sorted(line for lines in catalogue.values() for line in lines if "toy_" in line)


def test_operations_that_reach_other_models_do_so_in_both_ways(db: None) -> None:
    ours = made_by(StateOnDemand())

    assert "toy_tag_items thing_id bigint not null" in " ".join(ours)
    assert ours == made_by(ProjectState())


def test_only_what_an_operation_needs_is_rendered() -> None:
    """Else it is as slow as Django's, which a test of the result cannot see."""
    state = StateOnDemand()
    for operation in operations()[:5]:
        operation.state_forwards("toy", state)
    migrations.CreateModel("Alone", [key()]).state_forwards("toy", state)

    state.apps.get_model("toy", "Tag")

    assert {model.__name__ for model in state.apps.get_models()} == {"Tag", "Item", "Shop"}
