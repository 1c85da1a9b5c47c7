"""Every table of payouts: the ledger, payout details and their releases, payments, runs."""

import uuid

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey

# Declared by no field of Django's. NULL in any column is not looked at (MATCH SIMPLE).
LIVE_RELEASE = """
ALTER TABLE payouts_payout ADD CONSTRAINT payouts_payout_live_release
FOREIGN KEY (brand_id, release_id, needs_live_release)
REFERENCES payouts_detailsrelease (brand_id, id, is_live) DEFERRABLE INITIALLY DEFERRED
"""
NO_LIVE_RELEASE = "ALTER TABLE payouts_payout DROP CONSTRAINT payouts_payout_live_release"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("affiliates", "0001_initial"),
        ("offers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutDetails",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "creator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="affiliates.creator",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("bank", "Bank account"), ("paypal", "PayPal")], max_length=6
                    ),
                ),
                ("country", models.CharField(max_length=2)),
                ("ending", models.CharField(max_length=80)),
                ("sealed", models.TextField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DetailsRelease",
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
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="affiliates.creator",
                    ),
                ),
                ("released_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(null=True)),
                (
                    "is_live",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(taken_back_at=None, then=models.Value(True)),
                            default=models.Value(False),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["creator"], name="payouts_release_creator")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("taken_back_at", None)),
                        fields=("brand", "creator"),
                        name="payouts_release_one_live",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_at", None),
                            ("taken_back_at__gte", models.F("released_at")),
                            _connector="OR",
                        ),
                        name="payouts_release_times",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("creator__isnull", False),
                            ("taken_back_at__isnull", False),
                            _connector="OR",
                        ),
                        name="payouts_release_of_somebody",
                    ),
                ],
            },
        ),
        # Django adds the constraints of a table with a generated column at the end of the migration;
        # the references below need these two before.
        migrations.AddConstraint(
            model_name="detailsrelease",
            constraint=models.UniqueConstraint(
                fields=["brand", "id"], name="payouts_detailsrelease_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="detailsrelease",
            constraint=models.UniqueConstraint(
                fields=["brand", "id", "is_live"], name="payouts_release_liveness"
            ),
        ),
        migrations.CreateModel(
            name="PayoutRun",
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
                ("currency", models.CharField(max_length=3)),
                ("minimum_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("pending_info", "Waiting for details"),
                            ("processing", "Processing"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("amount_minor", models.BigIntegerField(default=0)),
                ("payments", models.PositiveIntegerField(default=0)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("confirmation", models.UUIDField()),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("created_by", models.CharField(max_length=200)),
                ("drawn_up_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("confirmed_by", models.CharField(blank=True, max_length=200)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["brand", "-created_at"], name="payouts_run_new")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="payouts_payoutrun_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "confirmation"), name="payouts_run_drafted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minimum_minor__gte", 0)), name="payouts_run_minimum"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutRunMember",
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
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payoutrun",
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
                ("due_minor", models.BigIntegerField()),
                ("is_left_out", models.BooleanField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "run", "is_left_out", "-due_minor", "id"],
                        name="payouts_runmember_list",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="payouts_payoutrunmember_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "run", "member"), name="payouts_runmember_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payout",
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
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payoutrun",
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
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("pending_info", "Waiting for details"),
                            ("processing", "Processing"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.detailsrelease",
                    ),
                ),
                ("in_file_at", models.DateTimeField(null=True)),
                (
                    "needs_live_release",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                in_file_at=None, state="processing", then=models.Value(True)
                            )
                        ),
                        output_field=models.BooleanField(null=True),
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("created_by", models.CharField(max_length=200)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "member", "-id"], name="payouts_payout_member"),
                    models.Index(
                        fields=["brand", "-created_at", "-id"], name="payouts_payout_newest"
                    ),
                    models.Index(
                        condition=models.Q(("run__isnull", False)),
                        fields=["brand", "run", "member"],
                        name="payouts_payout_run",
                    ),
                    models.Index(
                        condition=models.Q(("release__isnull", False)),
                        fields=["brand", "release"],
                        name="payouts_payout_release",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="payouts_payout_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "draft"), _negated=True),
                        name="payouts_payout_is_made",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "processing"), _negated=True),
                            ("release__isnull", False),
                            _connector="OR",
                        ),
                        name="payouts_payout_released",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.UniqueConstraint(
                fields=["brand", "id"], name="payouts_payout_tenant"
            ),
        ),
        migrations.CreateModel(
            name="LedgerEntry",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("commission", "Commission"),
                            ("adjustment", "Adjustment"),
                            ("payout", "Payout"),
                            ("payout_returned", "Payout returned"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("conversion_id", models.BigIntegerField(null=True)),
                ("click_earning_id", models.BigIntegerField(null=True)),
                (
                    "payout",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payout",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("confirmation", models.UUIDField(null=True)),
                ("posted_at", models.DateTimeField()),
                ("available_at", models.DateTimeField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "enrollment", "available_at"],
                        include=("amount_minor", "kind"),
                        name="payouts_entry_who",
                    ),
                    models.Index(
                        condition=models.Q(("conversion_id__isnull", False)),
                        fields=["brand", "conversion_id"],
                        name="payouts_entry_conversion",
                    ),
                    models.Index(
                        condition=models.Q(("click_earning_id__isnull", False)),
                        fields=["brand", "click_earning_id"],
                        name="payouts_entry_clicks",
                    ),
                    models.Index(
                        condition=models.Q(("payout__isnull", False)),
                        fields=["brand", "payout"],
                        name="payouts_entry_payout",
                    ),
                    models.Index(
                        condition=models.Q(("kind", "commission"), _negated=True),
                        fields=["brand", "enrollment", "kind", "-posted_at", "-id"],
                        name="payouts_entry_few",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="payouts_ledgerentry_tenant"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor", 0), _negated=True),
                        name="payouts_entry_not_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("click_earning_id", None),
                                ("conversion_id__isnull", False),
                                ("kind", "commission"),
                            ),
                            models.Q(
                                ("click_earning_id__isnull", False),
                                ("conversion_id", None),
                                ("kind", "commission"),
                            ),
                            models.Q(
                                ("kind", "adjustment"),
                                ("payout", None),
                                ("click_earning_id", None),
                                ("conversion_id", None),
                            ),
                            models.Q(
                                ("kind__in", ["payout", "payout_returned"]),
                                ("payout__isnull", False),
                                ("click_earning_id", None),
                                ("conversion_id", None),
                            ),
                            _connector="OR",
                        ),
                        name="payouts_entry_kind",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("confirmation__isnull", False)),
                        fields=("brand", "confirmation"),
                        name="payouts_entry_confirmed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerSum",
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
                ("is_folded", models.BooleanField(db_default=False)),
                (
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
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
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("available_at", models.DateTimeField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="payouts_ledgersum_new",
                    ),
                    models.Index(
                        fields=["brand", "enrollment", "currency"], name="payouts_sum_who"
                    ),
                    models.Index(fields=["brand", "available_at"], name="payouts_sum_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="payouts_ledgersum_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutItem",
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
                    "payout",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payout",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.ledgerentry",
                    ),
                ),
                ("released_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["brand", "payout"], name="payouts_item_payout")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="payouts_payoutitem_tenant"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("brand", "entry"),
                        name="payouts_item_entry_paid_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutRunEntry",
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
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payoutrunmember",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.ledgerentry",
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="payouts_payoutrunentry_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "line", "entry"), name="payouts_runentry_once"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="detailsrelease",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_release_history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'DELETE' OR NEW.brand_id <> OLD.brand_id OR NEW.released_at <> OLD.released_at\n  OR (OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at)\n  OR (NEW.creator_id IS NOT NULL AND NEW.creator_id IS DISTINCT FROM OLD.creator_id)\nTHEN RAISE EXCEPTION 'a release of payout details is taken back once, and stays as history';\nEND IF;\nRETURN NEW;\n",
                    hash="4f918426b39b2391af1a3446d0155282c33b6ebf",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_payouts_release_history_ee19a",
                    table="payouts_detailsrelease",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_entry_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e77cbfc8420db57229b3129ca2f7a13cdc9be2ed",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_payouts_entry_append_only_7abd3",
                    table="payouts_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_ledgersum_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO payouts_ledgersum (brand_id, enrollment_id, offer_id, member_id, currency, available_at, amount_minor)\nSELECT moved.brand_id, moved.enrollment_id, enrollment.offer_id, enrollment.member_id, moved.currency, moved.available_at, sum(moved.sign * moved.amount_minor)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, moved.enrollment_id, enrollment.offer_id, enrollment.member_id, moved.currency, moved.available_at HAVING (sum(moved.sign * moved.amount_minor)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="b65724082cd1d136236c760812d97bf36b715914",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payouts_ledgersum_insert_10bb5",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="payouts_ledgerentry",
                    when="AFTER",
                ),
            ),
        ),
        AddTenantForeignKey("payoutrunmember", "run"),
        AddTenantForeignKey("payoutrunmember", "member"),
        AddTenantForeignKey("payout", "run"),
        AddTenantForeignKey("payout", "member"),
        AddTenantForeignKey("payout", "release"),
        AddTenantForeignKey("ledgerentry", "enrollment"),
        AddTenantForeignKey("ledgerentry", "payout"),
        AddTenantForeignKey("ledgersum", "enrollment"),
        AddTenantForeignKey("ledgersum", "offer"),
        AddTenantForeignKey("ledgersum", "member"),
        AddTenantForeignKey("payoutitem", "payout"),
        AddTenantForeignKey("payoutitem", "entry"),
        AddTenantForeignKey("payoutrunentry", "line"),
        AddTenantForeignKey("payoutrunentry", "entry"),
        migrations.RunSQL(LIVE_RELEASE, NO_LIVE_RELEASE),
    ]
