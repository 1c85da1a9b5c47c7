"""The daily totals know the sales of pending conversions, which tiers count."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# The triggers carry it on to the sums of days and months.
KEEP = """
UPDATE tracking_dailytotal total SET pending_sales_minor = waiting.minor
FROM (
  SELECT c.brand_id, c.enrollment_id, (c.occurred_at AT TIME ZONE brand.time_zone)::date AS day,
    sum(c.sale_minor - c.refunded_minor) AS minor
  FROM tracking_conversion c JOIN accounts_brand brand ON brand.id = c.brand_id
  WHERE c.status = 'pending' GROUP BY 1, 2, 3
) AS waiting
WHERE total.brand_id = waiting.brand_id AND total.enrollment_id = waiting.enrollment_id
  AND total.day = waiting.day;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0005_unattributed_orders"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="dailytotal",
            name="tracking_offerday_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="dailytotal",
            name="tracking_offerday_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="dailytotal",
            name="tracking_offerday_delete",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="dailytotal",
            name="tracking_monthtotal_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="dailytotal",
            name="tracking_monthtotal_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="dailytotal",
            name="tracking_monthtotal_delete",
        ),
        migrations.AddField(
            model_name="dailytotal",
            name="pending_sales_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="monthtotal",
            name="pending_sales_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="offerday",
            name="pending_sales_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offerday_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offerday (brand_id, offer_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, clicks)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="f99a4539095d767efccc3983c4a042d8cc82790f",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_offerday_insert_9520b",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offerday_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offerday (brand_id, offer_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, clicks)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="92182a3b164bcc2e45f56a671c40cb8d4ba32b9e",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_offerday_update_d1985",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offerday_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offerday (brand_id, offer_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, clicks)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="563e05a7a17594976bcb64293c6a10be44df333e",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_offerday_delete_62c3f",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_monthtotal_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, clicks)\nSELECT moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved \nGROUP BY moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="f0f38aba91c976796e1bb724973a3ec781afb987",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_monthtotal_insert_2b0a6",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_monthtotal_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, clicks)\nSELECT moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="789cb248d8733837367469c128962d4f4d6d042c",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_monthtotal_update_ba3a8",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_monthtotal_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, clicks)\nSELECT moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.pending_sales_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="333f45e7a2b2f8fd6df63cfeef9dceb06cb8fb36",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_monthtotal_delete_530dd",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
