"""The last requests of each brand to the API, which a trigger limits to 100."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_terms_withdrawn"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("method", models.CharField(max_length=10)),
                ("path", models.CharField(max_length=500)),
                ("status", models.PositiveSmallIntegerField()),
                ("milliseconds", models.PositiveIntegerField()),
                ("code", models.CharField(blank=True, max_length=60)),
                ("detail", models.CharField(blank=True, max_length=1000)),
                ("sent", models.CharField(blank=True, max_length=2048)),
                ("answered", models.CharField(blank=True, max_length=2048)),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="accounts_apirequest_tenant"
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apirequest",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_only_the_last_requests",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE crowded bigint;",
                    func="\nFOR crowded IN SELECT DISTINCT brand_id FROM added ORDER BY brand_id LOOP\n  PERFORM pg_advisory_xact_lock(hashtextextended('api requests', crowded));\n  DELETE FROM accounts_apirequest WHERE brand_id = crowded AND id <= (\n    SELECT id FROM accounts_apirequest WHERE brand_id = crowded\n    ORDER BY id DESC OFFSET 100 LIMIT 1\n  );\nEND LOOP;\nRETURN NULL;\n",
                    hash="cfb2ad35760000856c8647a88a99667b34e922df",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_accounts_only_the_last_requests_a6e63",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="accounts_apirequest",
                    when="AFTER",
                ),
            ),
        ),
        AddTenantForeignKey("apirequest", "key"),
    ]
