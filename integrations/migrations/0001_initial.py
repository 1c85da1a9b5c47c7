"""Every table of integrations: connections, deliveries, refused ones, data requests."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0005_terms_withdrawn"),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=120)),
                ("store", models.CharField(max_length=200)),
                ("source", models.CharField(max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connecting", "Connecting"),
                            ("waiting", "Waiting for the first order"),
                            ("connected", "Connected"),
                            ("refused", "The shop refuses access"),
                            ("disconnected", "Disconnected"),
                            ("uninstalled", "Removed in the shop"),
                        ],
                        default="connecting",
                        max_length=12,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("problem_at", models.DateTimeField(null=True)),
                ("sealed_credentials", models.TextField(blank=True)),
                ("sealed_secret", models.TextField(blank=True)),
                ("secret_at", models.DateTimeField(null=True)),
                ("sealed_former_secret", models.TextField(blank=True)),
                ("former_secret_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("connected_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("last_event_at", models.DateTimeField(null=True)),
                ("last_order_at", models.DateTimeField(null=True)),
                ("filled_until", models.DateTimeField(null=True)),
                ("next_fill_at", models.DateTimeField(null=True)),
                ("subscribed_at", models.DateTimeField(null=True)),
                (
                    "currencies",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=3),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("silent_since", models.DateTimeField(null=True)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("delivered", "Sent by the shop"),
                            ("fetched", "Fetched from the shop"),
                            ("test", "Test order"),
                        ],
                        default="delivered",
                        max_length=9,
                    ),
                ),
                ("topic", models.CharField(blank=True, max_length=120)),
                ("event_id", models.CharField(blank=True, max_length=200)),
                ("store", models.CharField(blank=True, max_length=200)),
                ("happened_at", models.DateTimeField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField(null=True)),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("ignored", "Ignored"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=1000)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("try_again_at", models.DateTimeField(null=True)),
                ("worked_at", models.DateTimeField(null=True)),
                (
                    "order_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "refund_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "listed_order_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.connection",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("customer_ref", models.CharField(blank=True, max_length=120)),
                (
                    "order_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.connection",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.event",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="RefusedDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("signature", "The signature is wrong or missing"),
                            ("too_large", "The delivery is too large"),
                        ],
                        max_length=10,
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("number", models.PositiveIntegerField(default=1)),
                ("last_at", models.DateTimeField()),
                ("last_network", models.CharField(blank=True, max_length=64)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.connection",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "connected"])),
                fields=["next_fill_at"],
                name="integrations_connection_fill",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="integrations_connection_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["connecting", "waiting", "connected", "refused"])
                ),
                fields=("kind", "store"),
                name="integrations_connection_live_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                fields=("brand", "kind", "store"), name="integrations_connection_store_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                fields=("brand", "source"), name="integrations_connection_source_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "connecting",
                            "waiting",
                            "connected",
                            "refused",
                            "disconnected",
                            "uninstalled",
                        ],
                    )
                ),
                name="integrations_connection_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at", None),
                        ("state__in", ["connecting", "waiting", "connected", "refused"]),
                        models.Q(("sealed_credentials", ""), _negated=True),
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("sealed_credentials", ""),
                        ("state__in", ["disconnected", "uninstalled"]),
                    ),
                    _connector="OR",
                ),
                name="integrations_connection_credentials",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "disconnected"), _negated=True),
                    ("sealed_secret", ""),
                    _connector="OR",
                ),
                name="integrations_connection_no_secret",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("former_secret_until", None), ("sealed_former_secret", "")),
                    models.Q(
                        models.Q(("sealed_former_secret", ""), _negated=True),
                        ("former_secret_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="integrations_connection_former",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("source", ""), _negated=True), models.Q(("store", ""), _negated=True)
                ),
                name="integrations_connection_named",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="connection",
            trigger=pgtrigger.compiler.Trigger(
                name="integrations_connection_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'DELETE' OR NEW.brand_id <> OLD.brand_id OR NEW.source <> OLD.source\n  OR NEW.kind <> OLD.kind OR NEW.store <> OLD.store\nTHEN RAISE EXCEPTION 'a connection stays, and keeps its brand, kind, store and source';\nEND IF;\nRETURN NEW;\n",
                    hash="c86a87994904220d235f324b141541f76900bc3e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_integrations_connection_fixed_7064e",
                    table="integrations_connection",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["brand", "-received_at", "-id"], name="integrations_event_new"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["brand", "connection", "-received_at", "-id"], name="integrations_event_of"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "failed"])),
                fields=["brand", "connection", "state", "-received_at"],
                name="integrations_event_to_look_at",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["try_again_at"],
                name="integrations_event_due",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("body__isnull", False)),
                fields=["received_at"],
                name="integrations_event_body",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["order_ids"], name="integrations_event_orders"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="integrations_event_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event_id", ""), _negated=True),
                fields=("brand", "connection", "event_id"),
                name="integrations_event_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "done", "failed", "ignored"])),
                name="integrations_event_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("body__isnull", False),
                        ("state", "waiting"),
                        ("try_again_at__isnull", False),
                    ),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("try_again_at", None)),
                    _connector="OR",
                ),
                name="integrations_event_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "done"]),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="integrations_event_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="integrations_datarequest_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.UniqueConstraint(
                fields=("brand", "event", "customer_ref"), name="integrations_data_request_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("answered_by", "")),
                    models.Q(
                        ("answered_at__isnull", False), models.Q(("answered_by", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="integrations_data_request_answer",
            ),
        ),
        migrations.AddIndex(
            model_name="refuseddelivery",
            index=models.Index(fields=["hour"], name="integrations_refused_hour"),
        ),
        migrations.AddConstraint(
            model_name="refuseddelivery",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="integrations_refuseddelivery_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="refuseddelivery",
            constraint=models.UniqueConstraint(
                fields=("brand", "connection", "reason", "hour"),
                name="integrations_refused_once_an_hour",
            ),
        ),
        AddTenantForeignKey("event", "connection"),
        AddTenantForeignKey("refuseddelivery", "connection"),
        AddTenantForeignKey("datarequest", "connection"),
        AddTenantForeignKey("datarequest", "event"),
    ]
