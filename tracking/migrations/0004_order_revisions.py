"""Orders change and are kept in revisions; refunds are of lines, parts of lines, or whole orders."""

from datetime import UTC, datetime

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey

# What is known of orders, lines, refunds and conversions, in the new columns. A refund that was
# refused when its order came is applied to it, and takes nothing.
KEEP = """
UPDATE tracking_order SET commissionable_minor = total_minor, updated_at = ordered_at;
UPDATE tracking_conversion SET decision = status, decision_reason = reason;
UPDATE tracking_orderline SET line_id = (position + 1)::text;
WITH refunded AS (
  SELECT brand_id, order_id, sku, sum(amount_minor) AS minor
  FROM tracking_refund WHERE state = 'applied' GROUP BY 1, 2, 3
), line AS (
  SELECT id, brand_id, order_id, sku, net_minor,
    sum(net_minor) OVER (PARTITION BY brand_id, order_id, sku ORDER BY position) - net_minor AS above
  FROM tracking_orderline
)
UPDATE tracking_orderline SET refunded_minor = greatest(0, least(line.net_minor, minor - above))
FROM line JOIN refunded USING (brand_id, order_id, sku) WHERE tracking_orderline.id = line.id;
UPDATE tracking_refund SET parts = jsonb_build_array(jsonb_build_object(
  'line_id', '', 'sku', sku, 'quantity', quantity, 'amount_minor', amount_minor));
UPDATE tracking_refund SET amount_minor = 0 WHERE state <> 'applied';
UPDATE tracking_refund r SET state = 'applied', order_id = o.id FROM tracking_order o
WHERE r.state = 'refused' AND o.brand_id = r.brand_id AND o.source = r.source
  AND o.external_id = r.order_external_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_order_revised"),
        ("tracking", "0003_promo_codes"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("contents", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="conversion",
            name="tracking_conversion_recorded",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="conversion",
            name="tracking_conversion_changed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="refund",
            name="tracking_refund_applied_later",
        ),
        migrations.RemoveConstraint(
            model_name="orderline",
            name="tracking_line_position",
        ),
        migrations.RemoveConstraint(
            model_name="orderline",
            name="tracking_line_positive",
        ),
        migrations.RemoveConstraint(
            model_name="refund",
            name="tracking_refund_positive",
        ),
        migrations.AddField(
            model_name="conversion",
            name="decision",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("accepted", "Accepted"),
                    ("rejected", "Rejected"),
                ],
                default="",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conversion",
            name="decision_reason",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="order",
            name="cancelled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="commissionable_minor",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="order",
            name="is_test",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="order",
            name="payment_status",
            field=models.CharField(
                choices=[
                    ("pending", "Not paid yet"),
                    ("paid", "Paid"),
                    ("voided", "Payment voided"),
                ],
                default="paid",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="order",
            name="updated_at",
            field=models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="orderline",
            name="is_commissionable",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="orderline",
            name="line_id",
            field=models.CharField(default="", max_length=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="orderline",
            name="refunded_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="asked_minor",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="parts",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="quantity",
            field=models.DecimalField(decimal_places=3, max_digits=15),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="sku",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="refund",
            name="amount_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="refund",
            name="state",
            field=models.CharField(
                choices=[
                    ("parked", "Waiting for its order"),
                    ("applied", "Applied"),
                    ("undone", "Undone"),
                ],
                max_length=8,
            ),
        ),
        migrations.RunSQL(KEEP, reverse_sql=migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name="refund",
            name="quantity",
        ),
        migrations.RemoveField(
            model_name="refund",
            name="sku",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_recorded",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'conversion.recorded', 'conversion:' || added.id, jsonb_build_object('order', added.order_id, 'enrollment', added.enrollment_id, 'status', added.status, 'currency', added.currency, 'sale_minor', added.sale_minor, 'refunded_minor', added.refunded_minor, 'commission_minor', added.commission_minor)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="c943c1f1a7a4183ab7659d02942c0a7b6aa4a668",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_conversion_recorded_10d1e",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'conversion.changed', 'conversion:' || added.id, jsonb_build_object('order', added.order_id, 'enrollment', added.enrollment_id, 'status', added.status, 'currency', added.currency, 'sale_minor', added.sale_minor, 'refunded_minor', added.refunded_minor, 'commission_minor', added.commission_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.status IS DISTINCT FROM removed.status OR added.sale_minor IS DISTINCT FROM removed.sale_minor OR added.refunded_minor IS DISTINCT FROM removed.refunded_minor OR added.commission_minor IS DISTINCT FROM removed.commission_minor) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="427b05dcb35d9c2814e36977590597428df24643",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_conversion_changed_73056",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_order_revised",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.revised', 'order:' || added.id, jsonb_build_object('currency', added.currency, 'total_minor', added.total_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.revision IS DISTINCT FROM removed.revision) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="4a0c4b2158e0149371653f42f0bae5600da17a75",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_order_revised_3ecd1",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_order",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refund",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_refund_applied_later",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.refunded', 'refund:' || added.id, jsonb_build_object('order', added.order_id, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.amount_minor IS DISTINCT FROM removed.amount_minor OR added.state IS DISTINCT FROM removed.state) AND added.order_id IS NOT NULL ORDER BY added.id;\nRETURN NULL;\n",
                    hash="5d536ba4344b60badc8ae07701a27923ce3b6fea",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_refund_applied_later_cc0a9",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_refund",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("commissionable_minor__gte", 0),
                    ("total_minor__gte", models.F("commissionable_minor")),
                ),
                name="tracking_order_amounts",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(
                fields=("brand", "order", "line_id"), name="tracking_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("net_minor__gte", models.F("refunded_minor")),
                    ("quantity__gte", 0),
                    ("refunded_minor__gte", 0),
                ),
                name="tracking_line_amounts",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gte", 0)), name="tracking_refund_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "applied"), ("amount_minor", 0), _connector="OR"),
                name="tracking_refund_takes_nothing",
            ),
        ),
        migrations.AddField(
            model_name="orderrevision",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="orderrevision",
            name="order",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracking.order",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrevision",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_orderrevision_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrevision",
            constraint=models.UniqueConstraint(
                fields=("brand", "order", "number"), name="tracking_revision_number"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderrevision",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_revision_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="32351ffd40d07a62180b4bd9d4c9dd0ba2ea0392",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_tracking_revision_append_only_5def1",
                    table="tracking_orderrevision",
                    when="BEFORE",
                ),
            ),
        ),
        AddTenantForeignKey("orderrevision", "order"),
    ]
