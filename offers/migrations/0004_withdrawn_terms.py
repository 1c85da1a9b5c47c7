"""Terms that have not begun can be withdrawn; what was withdrawn stays readable."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_terms_withdrawn"),
        ("offers", "0003_customer_window"),
    ]

    operations = [
        migrations.CreateModel(
            name="WithdrawnTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("number_as_terms", models.BigIntegerField()),
                ("withdrawn_at", models.DateTimeField()),
                ("withdrawn_by", models.CharField(max_length=200)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="terms",
            name="offers_terms_append_only",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="terms",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_terms_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.starts_at <= clock_timestamp())",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3f5a28b80c968afeea12790f584e98dabbcab275",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_offers_terms_append_only_075a0",
                    table="offers_terms",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="terms",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_terms_unchanged",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="b4450202153acaf943de5f2e0e3f5c948dc63813",
                    operation="UPDATE",
                    pgid="pgtrigger_offers_terms_unchanged_1fb13",
                    table="offers_terms",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="withdrawnterms",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="withdrawnterms",
            name="offer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="offers.offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawnterms",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="offers_withdrawnterms_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawnterms",
            constraint=models.UniqueConstraint(
                fields=("brand", "offer", "version"), name="offers_withdrawnterms_version"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="withdrawnterms",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_withdrawnterms_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="56d183df94335fdcb4c98e3405bb0cc1f879b212",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_offers_withdrawnterms_append_only_32323",
                    table="offers_withdrawnterms",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="withdrawnterms",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_terms_withdrawn",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'terms.withdrawn', 'terms:' || added.number_as_terms, jsonb_build_object('offer', added.offer_id, 'version', added.version)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="9b592dcec7f27926a9447480da5be2448ce0ede2",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_offers_terms_withdrawn_d757d",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="offers_withdrawnterms",
                    when="AFTER",
                ),
            ),
        ),
        AddTenantForeignKey("withdrawnterms", "offer"),
    ]
