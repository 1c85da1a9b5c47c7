"""Requests with an Idempotency-Key, and their answers, kept for a day."""

import django.db.models.deletion
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_api_key_scopes"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("operation", models.CharField(max_length=520)),
                ("body_digest", models.CharField(max_length=64)),
                ("claim", models.UUIDField()),
                ("claimed_until", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("content", models.TextField(blank=True)),
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
                    "key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["created_at"], name="accounts_idempotent_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="accounts_idempotentrequest_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "key", "name"), name="accounts_idempotent_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", None),
                            models.Q(("status__gte", 200), ("status__lt", 400)),
                            _connector="OR",
                        ),
                        name="accounts_idempotent_status",
                    ),
                ],
            },
        ),
        AddTenantForeignKey("idempotentrequest", "key"),
    ]
