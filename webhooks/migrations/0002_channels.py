"""The chat channel that a brand's staff read what waits for them in."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_emails_scope"),
        ("webhooks", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_address", models.TextField()),
                ("host", models.CharField(max_length=255)),
                (
                    "digest",
                    models.CharField(
                        choices=[
                            ("never", "Never"),
                            ("daily", "Once a day, if something waits"),
                            ("at_once", "As soon as something new waits"),
                        ],
                        max_length=10,
                    ),
                ),
                ("digest_at", models.DateTimeField()),
                ("digest_counts", models.JSONField(default=dict)),
                ("entered_at", models.DateTimeField()),
                ("posted_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("stopped_at", models.DateTimeField(null=True)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="webhooks_channel_tenant"),
                    models.UniqueConstraint(fields=("brand",), name="webhooks_channel_once"),
                    models.CheckConstraint(
                        condition=models.Q(("digest", "never"), _negated=True),
                        name="webhooks_channel_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_at", None),
                            models.Q(("problem", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="webhooks_channel_stopped",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="webhooks_channel_live",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: chat channels';\nEND IF;\nRETURN NEW;\n",
                    hash="ac668b49b8b6c0038a450c44e6bd3c0fad43ff8f",
                    operation="INSERT",
                    pgid="pgtrigger_webhooks_channel_live_6c5c9",
                    table="webhooks_channel",
                    when="BEFORE",
                ),
            ),
        ),
    ]
