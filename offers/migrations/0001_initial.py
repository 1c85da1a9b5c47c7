"""Every table of offers: offers, terms, enrollments, projects."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey, NoneIn


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("affiliates", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                ("image", models.CharField(blank=True, max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("link", "Tracking link"),
                            ("code", "Promo code"),
                            ("both", "Code and link"),
                        ],
                        max_length=4,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("ended", "Ended"),
                            ("archived", "Archived"),
                        ],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("counting_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "pauses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("destination_url", models.URLField(max_length=2000)),
                (
                    "allowed_domains",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("deep_links_allowed", models.BooleanField(default=True)),
                ("click_window_days", models.PositiveSmallIntegerField(default=28)),
                ("remembers_customers", models.BooleanField(default=False)),
                ("code_pattern", models.CharField(default="{FIRST_NAME}", max_length=60)),
                ("utm_template", models.CharField(blank=True, max_length=500)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="offers_offer_tenant"),
                    models.UniqueConstraint(fields=("brand", "name"), name="offers_offer_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("click_window_days__gte", 1), ("click_window_days__lte", 365)
                        ),
                        name="offers_offer_window",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_at", None),
                            ("ends_at", None),
                            ("starts_at__lt", models.F("ends_at")),
                            _connector="OR",
                        ),
                        name="offers_offer_begins_before_it_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Terms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                    "offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("percent_bp", models.PositiveIntegerField(default=0)),
                ("fixed_minor", models.PositiveBigIntegerField(default=0)),
                ("per_click_minor", models.PositiveBigIntegerField(default=0)),
                ("tiers", models.JSONField(blank=True, default=list)),
                (
                    "tier_by",
                    models.CharField(
                        choices=[("sales", "sales"), ("conversions", "conversions")],
                        default="sales",
                        max_length=11,
                    ),
                ),
                (
                    "tier_period",
                    models.CharField(
                        choices=[("day", "day"), ("month", "month"), ("always", "always")],
                        default="always",
                        max_length=6,
                    ),
                ),
                ("rules", models.JSONField(blank=True, default=list)),
                ("cap_minor", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "cap_period",
                    models.CharField(
                        choices=[("day", "day"), ("month", "month"), ("always", "always")],
                        default="month",
                        max_length=6,
                    ),
                ),
                ("hold_days", models.PositiveSmallIntegerField(default=0)),
                (
                    "approval",
                    models.CharField(
                        choices=[("automatic", "Automatic"), ("by_hand", "By hand")],
                        default="automatic",
                        max_length=10,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="offers_terms_tenant"),
                    models.UniqueConstraint(
                        fields=("brand", "offer", "version"), name="offers_terms_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent_bp__lte", 10000)), name="offers_terms_percent"
                    ),
                    models.CheckConstraint(
                        condition=NoneIn(
                            "tiers",
                            "$[*] ? (@.percent_bp < 0 || @.percent_bp > 10000 || @.fixed_minor < 0)",
                        ),
                        name="offers_terms_tiers",
                    ),
                    models.CheckConstraint(
                        condition=NoneIn(
                            "rules",
                            "$[*] ? (@.percent_bp < 0 || @.percent_bp > 10000 || @.fixed_minor < 0)",
                        ),
                        name="offers_terms_rules",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hold_days__lte", 365)), name="offers_terms_hold"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Enrollment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
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
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("inactive", "Inactive"),
                            ("removed", "Removed"),
                        ],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("link_version", models.PositiveIntegerField(default=1)),
                (
                    "joined_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "member"], name="offers_enrollment_member")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="offers_enrollment_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "offer", "member"), name="offers_enrollment_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("name", models.CharField(max_length=120)),
                (
                    "offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
                    ),
                ),
                (
                    "code_offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "offer"], name="offers_project_offer"),
                    models.Index(fields=["brand", "code_offer"], name="offers_project_code_offer"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="offers_project_tenant"),
                    models.UniqueConstraint(fields=("brand", "name"), name="offers_project_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("code_offer", None),
                            models.Q(
                                ("offer__isnull", False),
                                models.Q(("code_offer", models.F("offer")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="offers_project_two_offers",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProjectMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.project",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
                    ),
                ),
                (
                    "added_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "member"], name="offers_project_member_who")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="offers_projectmember_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "project", "member"), name="offers_project_member_once"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="terms",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_terms_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="67ebb91ca55bf4bb8d2fa91a4df6f49937e1f78f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_offers_terms_append_only_075a0",
                    table="offers_terms",
                    when="BEFORE",
                ),
            ),
        ),
        AddTenantForeignKey("terms", "offer"),
        AddTenantForeignKey("enrollment", "member"),
        AddTenantForeignKey("enrollment", "offer"),
        AddTenantForeignKey("project", "offer"),
        AddTenantForeignKey("project", "code_offer"),
        AddTenantForeignKey("projectmember", "project"),
        AddTenantForeignKey("projectmember", "member"),
    ]
