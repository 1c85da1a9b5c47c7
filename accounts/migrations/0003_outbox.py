"""The outbox: one row per domain event."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_no_email_addresses"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboxEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("written_at", models.DateTimeField()),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("balance.adjusted", "A member's balance was adjusted"),
                            (
                                "clicks.credited",
                                "A day's clicks earned something, or something else",
                            ),
                            ("conversion.changed", "A conversion's state or amounts changed"),
                            ("conversion.recorded", "An order was credited to a member"),
                            ("member.joined", "A member joined an offer"),
                            ("member.left", "A member stopped counting in an offer"),
                            ("order.recorded", "An order was recorded"),
                            ("order.refunded", "A refund was applied to an order"),
                            ("payout.changed", "A payment was made or its state changed"),
                            ("payout_run.changed", "A payout run's state changed"),
                            ("terms.changed", "An offer got another version of its terms"),
                        ],
                        max_length=40,
                    ),
                ),
                ("target", models.CharField(max_length=80)),
                ("data", models.JSONField(default=dict)),
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
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["written_at"], name="accounts_outbox_age"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="accounts_outboxentry_tenant"
                    )
                ],
            },
        ),
    ]
