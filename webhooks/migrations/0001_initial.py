"""Every table of webhooks, and the trigger that notes each new entry of the outbox."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0006_api_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sender",
            fields=[
                ("number", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("lease_token", models.UUIDField()),
                ("lease_until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="WatchedEntry",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("accounts.outboxentry",),
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("entry", models.BigIntegerField(null=True)),
                ("event_id", models.UUIDField(default=uuid.uuid4)),
                ("event", models.CharField(max_length=40)),
                ("target", models.CharField(max_length=80)),
                ("sequence", models.PositiveIntegerField()),
                ("body", models.TextField(blank=True)),
                ("happened_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("failed", "Retrying"),
                            ("delivered", "Delivered"),
                            ("given_up", "Given up"),
                            ("skipped", "Not sent"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
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
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("milliseconds", models.PositiveIntegerField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.TextField(blank=True)),
                ("error", models.CharField(blank=True, max_length=300)),
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
                    "delivery",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="webhooks.delivery",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("address", models.CharField(max_length=1000)),
                ("description", models.CharField(blank=True, max_length=120)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("on", "On"),
                            ("off", "Off"),
                            ("disabled", "Disabled"),
                            ("deleted", "Deleted"),
                        ],
                        default="on",
                        max_length=8,
                    ),
                ),
                ("state_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("owners_told_at", models.DateTimeField(null=True)),
                ("sealed_secret", models.TextField(blank=True)),
                ("secret_at", models.DateTimeField()),
                ("sealed_former_secret", models.TextField(blank=True)),
                ("former_secret_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("last_attempt_at", models.DateTimeField(null=True)),
                ("last_milliseconds", models.PositiveIntegerField(null=True)),
                ("last_success_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("paused_until", models.DateTimeField(null=True)),
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
        migrations.AddField(
            model_name="delivery",
            name="endpoint",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="webhooks.endpoint",
            ),
        ),
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry", models.BigIntegerField()),
                (
                    "event_id",
                    models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID()),
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="watchedentry",
            trigger=pgtrigger.compiler.Trigger(
                name="webhooks_entry_waits",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO webhooks_waitingentry (brand_id, entry)\nSELECT added.brand_id, added.id FROM added\nWHERE EXISTS (\n  SELECT FROM webhooks_endpoint AS endpoint\n  WHERE endpoint.brand_id = added.brand_id AND endpoint.state <> 'deleted'\n)\nORDER BY added.id;\nRETURN NULL;\n",
                    hash="7798d3172c2dc265ef6705c428804fa39b48ac28",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_webhooks_entry_waits_0a64a",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="accounts_outboxentry",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["at"], name="webhooks_attempt_old"),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="webhooks_attempt_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                fields=("brand", "delivery", "number"), name="webhooks_attempt_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__isnull", False),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="webhooks_attempt_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="webhooks_endpoint_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "deleted"), _negated=True),
                fields=("brand", "address"),
                name="webhooks_endpoint_address_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["on", "off", "disabled", "deleted"])),
                name="webhooks_endpoint_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "disabled"), models.Q(("reason", ""), _negated=True)),
                    models.Q(
                        models.Q(("state", "disabled"), _negated=True),
                        ("owners_told_at", None),
                        ("reason", ""),
                    ),
                    _connector="OR",
                ),
                name="webhooks_endpoint_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("sealed_former_secret", ""), ("sealed_secret", ""), ("state", "deleted")
                    ),
                    models.Q(
                        models.Q(("state", "deleted"), _negated=True),
                        models.Q(("sealed_secret", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="webhooks_endpoint_secret",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("former_secret_until", None), ("sealed_former_secret", "")),
                    models.Q(
                        models.Q(("sealed_former_secret", ""), _negated=True),
                        ("former_secret_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="webhooks_endpoint_former",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("address", ""), _negated=True),
                name="webhooks_endpoint_has_address",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["brand", "-created_at", "-id"], name="webhooks_delivery_new"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["brand", "endpoint", "-created_at", "-id"], name="webhooks_delivery_of"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["pending", "failed"])),
                fields=["brand", "endpoint", "next_attempt_at", "id"],
                name="webhooks_delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["brand", "state", "-created_at", "-id"], name="webhooks_delivery_in_state"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["brand", "event", "-created_at", "-id"], name="webhooks_delivery_event"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("body", ""), _negated=True),
                fields=["created_at"],
                name="webhooks_delivery_body",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="webhooks_delivery_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("brand", "endpoint", "entry"), name="webhooks_delivery_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("brand", "endpoint", "event_id"), name="webhooks_delivery_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("brand", "endpoint", "target", "sequence"),
                name="webhooks_delivery_sequence",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "failed", "delivered", "given_up", "skipped"])
                ),
                name="webhooks_delivery_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("next_attempt_at__isnull", False),
                        ("settled_at", None),
                        ("state__in", ["pending", "failed"]),
                        models.Q(("body", ""), _negated=True),
                    ),
                    models.Q(
                        ("lease_token", None),
                        ("lease_until", None),
                        ("next_attempt_at", None),
                        ("settled_at__isnull", False),
                        ("state__in", ["delivered", "given_up", "skipped"]),
                    ),
                    _connector="OR",
                ),
                name="webhooks_delivery_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "delivered"]),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="webhooks_delivery_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="webhooks_waitingentry_tenant"
            ),
        ),
        AddTenantForeignKey("delivery", "endpoint"),
        AddTenantForeignKey("attempt", "delivery"),
    ]
