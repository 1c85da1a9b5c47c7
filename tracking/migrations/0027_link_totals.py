"""A link's figures of all days in one row."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_emails_scope"),
        ("tracking", "0026_searched_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_folded", models.BooleanField(db_default=False)),
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
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="tracking_linktotal_new",
                    ),
                    models.Index(fields=["brand", "link"], name="tracking_linktotal_link"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_linktotal_tenant"
                    )
                ],
            },
        ),
        AddTenantForeignKey("linktotal", "link"),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcetotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_linktotal_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_linktotal (brand_id, link_id, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)\nSELECT moved.brand_id, moved.value::bigint, sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved WHERE moved.dimension = 'link'\nGROUP BY moved.brand_id, moved.value::bigint HAVING (sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="00190a22f98beb472c65921f5ec886ef003efc3b",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_linktotal_insert_f9de5",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_sourcetotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcetotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_linktotal_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_linktotal (brand_id, link_id, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)\nSELECT moved.brand_id, moved.value::bigint, sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved WHERE moved.dimension = 'link'\nGROUP BY moved.brand_id, moved.value::bigint HAVING (sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="8103dbf72dc9dafcdf01c64b5744bb049d6b9398",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_linktotal_update_fc2af",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_sourcetotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcetotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_linktotal_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_linktotal (brand_id, link_id, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)\nSELECT moved.brand_id, moved.value::bigint, sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved WHERE moved.dimension = 'link'\nGROUP BY moved.brand_id, moved.value::bigint HAVING (sum(moved.sign * moved.clicks)::bigint, sum(moved.sign * moved.visitors)::bigint, sum(moved.sign * moved.robots)::bigint, sum(moved.sign * moved.inactive)::bigint, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="2bfb5ba2b9a54dbce5300de0685c005228233cfb",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_linktotal_delete_59189",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_sourcetotal",
                    when="AFTER",
                ),
            ),
        ),
    ]
