"""Discounts of offers in shops, and their codes compared."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_requests"),
        ("integrations", "0002_deleted_orders"),
        ("offers", "0005_fixed_after_refund"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferDiscount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("name", models.CharField(max_length=120)),
                ("percent_bp", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("compare_at", models.DateTimeField()),
                ("compared_at", models.DateTimeField(null=True)),
                ("here", models.CharField(blank=True, max_length=60)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=500)),
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
                    "offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ComparedCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("missing", "Removed in the shop"),
                            ("came_back", "Active again in the shop"),
                            ("unknown", "Unknown here"),
                            ("to_make", "To be made in the shop"),
                            ("to_end", "To be ended in the shop"),
                            ("in_step", "In step"),
                            ("ended", "Ended"),
                        ],
                        max_length=9,
                    ),
                ),
                ("times_used", models.PositiveIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                (
                    "discount",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.offerdiscount",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="offerdiscount",
            index=models.Index(fields=["compare_at"], name="integrations_discount_due"),
        ),
        migrations.AddConstraint(
            model_name="offerdiscount",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="integrations_offerdiscount_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerdiscount",
            constraint=models.UniqueConstraint(
                fields=("brand", "connection", "offer", "percent_bp"),
                name="integrations_discount_percentage_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerdiscount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("brand", "connection", "offer"),
                name="integrations_discount_live_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerdiscount",
            constraint=models.UniqueConstraint(
                fields=("brand", "connection", "name"), name="integrations_discount_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerdiscount",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent_bp__gte", 1), ("percent_bp__lte", 10000)),
                name="integrations_discount_percentage",
            ),
        ),
        migrations.AddConstraint(
            model_name="comparedcode",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="integrations_comparedcode_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="comparedcode",
            constraint=models.UniqueConstraint(
                models.F("brand"),
                models.F("discount"),
                django.db.models.functions.text.Upper("code"),
                name="integrations_compared_code_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="comparedcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "missing",
                            "came_back",
                            "unknown",
                            "to_make",
                            "to_end",
                            "in_step",
                            "ended",
                        ],
                    )
                ),
                name="integrations_code_state",
            ),
        ),
        AddTenantForeignKey("offerdiscount", "connection"),
        AddTenantForeignKey("offerdiscount", "offer"),
        AddTenantForeignKey("comparedcode", "discount"),
        AddTenantForeignKey("comparedcode", "enrollment"),
    ]
