"""Figures by source: of clicks, and of the conversions whose order came with a click."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey

# What the stored clicks say. They hold no sub-ids and no countries yet.
CLICKS = """
INSERT INTO tracking_sourcetotal (brand_id, enrollment_id, day, dimension, value, clicks, visitors,
  robots, inactive, conversions, sales_minor, commission_minor)
SELECT click.brand_id, click.enrollment_id,
  (click.clicked_at AT TIME ZONE brand.time_zone)::date, source.dimension, source.value,
  count(*) FILTER (WHERE kind = 'visit'), 0, count(*) FILTER (WHERE kind = 'robot'), 0, 0, 0, 0
FROM tracking_click click JOIN accounts_brand brand ON brand.id = click.brand_id
CROSS JOIN LATERAL (VALUES
  ('link', link_id::text), ('referrer', referrer_host), ('device', device)
) AS source (dimension, value)
WHERE kind = 'visit' OR source.dimension = 'link'
GROUP BY 1, 2, 3, 4, 5;
"""
SOURCES = """
INSERT INTO tracking_conversionsource (brand_id, conversion_id, link_id, click_id, clicked_at,
  is_known, recorded_at, referrer_host, device)
SELECT DISTINCT ON (one.id) one.brand_id, one.id, click.link_id, click.click_id,
  date_trunc('second', click.clicked_at), true, shop.received_at, click.referrer_host, click.device
FROM tracking_conversion one
JOIN tracking_order shop ON shop.brand_id = one.brand_id AND shop.id = one.order_id
JOIN tracking_click click ON click.brand_id = one.brand_id AND click.click_id = shop.click_id
  AND click.enrollment_id = one.enrollment_id
WHERE shop.click_id <> '' AND one.claims @> jsonb_build_array(
  jsonb_build_object('evidence', 'click', 'enrollment', one.enrollment_id))
ORDER BY one.id;
"""
CONVERSIONS = """
INSERT INTO tracking_sourcetotal AS total (brand_id, enrollment_id, day, dimension, value, clicks,
  visitors, robots, inactive, conversions, sales_minor, commission_minor)
SELECT one.brand_id, one.enrollment_id, (one.occurred_at AT TIME ZONE brand.time_zone)::date,
  source.dimension, source.value, 0, 0, 0, 0,
  count(*), sum(one.sale_minor - one.refunded_minor), sum(one.commission_minor)
FROM tracking_conversionsource origin
JOIN tracking_conversion one ON one.brand_id = origin.brand_id AND one.id = origin.conversion_id
JOIN accounts_brand brand ON brand.id = one.brand_id
CROSS JOIN LATERAL (VALUES
  ('link', origin.link_id::text), ('referrer', origin.referrer_host), ('device', origin.device)
) AS source (dimension, value)
WHERE one.status = 'accepted'
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (brand_id, enrollment_id, dimension, day, value) DO UPDATE SET
  conversions = total.conversions + excluded.conversions,
  sales_minor = total.sales_minor + excluded.sales_minor,
  commission_minor = total.commission_minor + excluded.commission_minor;
"""
# Room for new versions of a row in its own page: its figures change often, its keys never.
ROOM = "ALTER TABLE tracking_sourcetotal SET (fillfactor = 80)"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_clicks_kept"),
        ("offers", "0008_newest_first"),
        ("tracking", "0015_clicks_by_month"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConversionSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("referrer_host", models.CharField(blank=True, db_default="", max_length=253)),
                ("sub1", models.CharField(blank=True, db_default="", max_length=60)),
                ("sub2", models.CharField(blank=True, db_default="", max_length=60)),
                ("sub3", models.CharField(blank=True, db_default="", max_length=60)),
                ("sub4", models.CharField(blank=True, db_default="", max_length=60)),
                ("sub5", models.CharField(blank=True, db_default="", max_length=60)),
                ("country", models.CharField(blank=True, db_default="", max_length=2)),
                (
                    "device",
                    models.CharField(
                        choices=[
                            ("phone", "Phone"),
                            ("tablet", "Tablet"),
                            ("computer", "Computer"),
                            ("other", "Other"),
                        ],
                        db_default="other",
                        default="other",
                        max_length=8,
                    ),
                ),
                ("click_id", models.CharField(max_length=80)),
                ("clicked_at", models.DateTimeField()),
                ("is_known", models.BooleanField(default=False)),
                ("recorded_at", models.DateTimeField()),
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
                    "conversion",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.conversion",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.trackinglink",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_known", False)),
                        fields=["recorded_at"],
                        name="tracking_source_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("is_known", False)),
                        fields=["click_id"],
                        name="tracking_source_click",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_conversionsource_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "conversion"), name="tracking_conversionsource_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_folded", models.BooleanField(db_default=False)),
                ("day", models.DateField()),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("link", "Link"),
                            ("sub1", "Sub-id 1"),
                            ("sub2", "Sub-id 2"),
                            ("sub3", "Sub-id 3"),
                            ("sub4", "Sub-id 4"),
                            ("sub5", "Sub-id 5"),
                            ("referrer", "Referrer"),
                            ("country", "Country"),
                            ("device", "Device"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=253)),
                ("clicks", models.BigIntegerField(default=0)),
                ("visitors", models.BigIntegerField(default=0)),
                ("robots", models.BigIntegerField(default=0)),
                ("inactive", models.BigIntegerField(default=0)),
                ("conversions", models.BigIntegerField(default=0)),
                ("sales_minor", models.BigIntegerField(default=0)),
                ("commission_minor", models.BigIntegerField(default=0)),
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="tracking_offersource_new",
                    ),
                    models.Index(
                        fields=["brand", "offer", "dimension", "day"],
                        name="tracking_offersource_days",
                    ),
                    models.Index(
                        fields=["brand", "dimension", "day"], name="tracking_offersource_all"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_offersource_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("link", "Link"),
                            ("sub1", "Sub-id 1"),
                            ("sub2", "Sub-id 2"),
                            ("sub3", "Sub-id 3"),
                            ("sub4", "Sub-id 4"),
                            ("sub5", "Sub-id 5"),
                            ("referrer", "Referrer"),
                            ("country", "Country"),
                            ("device", "Device"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=253)),
                ("clicks", models.BigIntegerField(default=0)),
                ("visitors", models.BigIntegerField(default=0)),
                ("robots", models.BigIntegerField(default=0)),
                ("inactive", models.BigIntegerField(default=0)),
                ("conversions", models.BigIntegerField(default=0)),
                ("sales_minor", models.BigIntegerField(default=0)),
                ("commission_minor", models.BigIntegerField(default=0)),
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("dimension", "link")),
                        fields=["brand", "day"],
                        name="tracking_source_links",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_sourcetotal_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "enrollment", "dimension", "day", "value"),
                        name="tracking_source_once",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcetotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offersource_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offersource (brand_id, offer_id, day, dimension, value, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, moved.dimension, moved.value, sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id WHERE moved.dimension <> 'link'\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day, moved.dimension, moved.value HAVING (sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="40acb1eb025ad8755aba3c41e890ae4c6e1c844e",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_offersource_insert_20318",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_sourcetotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcetotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offersource_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offersource (brand_id, offer_id, day, dimension, value, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, moved.dimension, moved.value, sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id WHERE moved.dimension <> 'link'\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day, moved.dimension, moved.value HAVING (sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="5a08bc627819debdad6727569998eb593a7d2d95",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_offersource_update_ed618",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_sourcetotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcetotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offersource_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offersource (brand_id, offer_id, day, dimension, value, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, moved.dimension, moved.value, sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id WHERE moved.dimension <> 'link'\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day, moved.dimension, moved.value HAVING (sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="644cabf4c09ca38a90309c06886e073e3c759dd1",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_offersource_delete_071b0",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_sourcetotal",
                    when="AFTER",
                ),
            ),
        ),
        AddTenantForeignKey("sourcetotal", "enrollment"),
        AddTenantForeignKey("offersource", "offer"),
        AddTenantForeignKey("conversionsource", "conversion"),
        AddTenantForeignKey("conversionsource", "link"),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        migrations.RunSQL([CLICKS, SOURCES, CONVERSIONS], migrations.RunSQL.noop),
    ]
