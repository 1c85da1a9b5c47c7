"""Sales are told of, at once to who wants that."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_postal_address"),
        ("affiliates", "0003_newest_first"),
        ("notices", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SalesAtOnce",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="watchedoutbox",
            name="notices_entry_unread",
        ),
        migrations.AlterField(
            model_name="declinedkind",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sales", "You made a sale"),
                    ("payment_sent", "A payment was sent"),
                    ("details_needed", "A payment waits for your payout details"),
                    ("payment_failed", "A payment failed"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sales", "You made a sale"),
                    ("payment_sent", "A payment was sent"),
                    ("details_needed", "A payment waits for your payout details"),
                    ("payment_failed", "A payment failed"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="switchedoffkind",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sales", "You made a sale"),
                    ("payment_sent", "A payment was sent"),
                    ("details_needed", "A payment waits for your payout details"),
                    ("payment_failed", "A payment failed"),
                ],
                max_length=20,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="watchedoutbox",
            trigger=pgtrigger.compiler.Trigger(
                name="notices_entry_unread",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO notices_unreadentry (brand_id, entry)\nSELECT added.brand_id, added.id FROM added\nJOIN accounts_brand AS brand ON brand.id = added.brand_id AND brand.test_of_id IS NULL\nWHERE added.event = 'payout.changed'\n    AND added.data ->> 'state' IN ('paid', 'failed', 'pending_info')\n  OR added.event = 'conversion.recorded'\n  OR added.event = 'conversion.changed' AND added.data ->> 'status' <> 'rejected'\nORDER BY added.id;\nRETURN NULL;\n",
                    hash="558ec02427588765f97033377b2e134efd6aae50",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_notices_entry_unread_0f4ec",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="accounts_outboxentry",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="salesatonce",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="salesatonce",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="affiliates.member",
            ),
        ),
        migrations.AddConstraint(
            model_name="salesatonce",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="notices_salesatonce_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="salesatonce",
            constraint=models.UniqueConstraint(
                fields=("brand", "member"), name="notices_at_once_once"
            ),
        ),
        AddTenantForeignKey("salesatonce", "member"),
    ]
