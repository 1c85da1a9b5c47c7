"""Every table of notices, and the trigger that notes the entries of the outbox to read."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0017_postal_address"),
        ("affiliates", "0003_newest_first"),
        ("notifications", "0003_notice_purposes"),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchedOutbox",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("accounts.outboxentry",),
        ),
        migrations.CreateModel(
            name="DeclinedKind",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("welcome", "You joined an offer"),
                            ("sales", "You made a sale"),
                            ("payment_sent", "A payment was sent"),
                            ("details_needed", "A payment waits for your payout details"),
                            ("payment_failed", "A payment failed"),
                            ("month", "Your month in figures"),
                        ],
                        max_length=20,
                    ),
                ),
                ("since", models.DateTimeField()),
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
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="KindSwitch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("welcome", "You joined an offer"),
                            ("sales", "You made a sale"),
                            ("payment_sent", "A payment was sent"),
                            ("details_needed", "A payment waits for your payout details"),
                            ("payment_failed", "A payment failed"),
                            ("month", "Your month in figures"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_on", models.BooleanField()),
                ("since", models.DateTimeField()),
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
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("welcome", "You joined an offer"),
                            ("sales", "You made a sale"),
                            ("payment_sent", "A payment was sent"),
                            ("details_needed", "A payment waits for your payout details"),
                            ("payment_failed", "A payment failed"),
                            ("month", "Your month in figures"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about", models.CharField(max_length=60)),
                ("happened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("deleted", "The member was deleted"),
                            ("no_address", "The member has no address that mail can be sent to"),
                            ("suppressed", "The address is suppressed"),
                            ("brand_off", "The brand switched this kind off"),
                            ("member_off", "The member switched this kind off"),
                            ("no_postal", "The brand has no postal address"),
                            ("too_old", "It happened too long ago"),
                            ("not_so", "It was no longer so when the mail was due"),
                        ],
                        max_length=12,
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
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.campaign",
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
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
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SummarisedMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
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
            },
        ),
        migrations.CreateModel(
            name="UnreadEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry", models.BigIntegerField()),
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
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="watchedoutbox",
            trigger=pgtrigger.compiler.Trigger(
                name="notices_entry_unread",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO notices_unreadentry (brand_id, entry)\nSELECT added.brand_id, added.id FROM added\nJOIN accounts_brand AS brand ON brand.id = added.brand_id AND brand.test_of_id IS NULL\nWHERE added.event = 'payout.changed'\n    AND added.data ->> 'state' IN ('paid', 'failed', 'pending_info')\n  OR added.event = 'conversion.recorded'\n  OR added.event = 'conversion.changed' AND added.data ->> 'status' <> 'rejected'\n  OR added.event = 'member.joined' AND added.data ->> 'status' = 'active'\nORDER BY added.id;\nRETURN NULL;\n",
                    hash="40970fe24efb170cb24c2de9b81a6eeffdb9389b",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_notices_entry_unread_0f4ec",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="accounts_outboxentry",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="declinedkind",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="notices_declinedkind_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="declinedkind",
            constraint=models.UniqueConstraint(
                fields=("brand", "member", "kind"), name="notices_declined_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="kindswitch",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="notices_kindswitch_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="kindswitch",
            constraint=models.UniqueConstraint(
                fields=("brand", "kind"), name="notices_switch_once"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("settled_at", None)),
                fields=["brand", "due_at", "id"],
                name="notices_notice_due",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("campaign__isnull", False)),
                fields=["brand", "campaign"],
                name="notices_notice_campaign",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["brand", "member", "due_at"], name="notices_notice_member"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("settled_at__isnull", False)),
                fields=["settled_at"],
                name="notices_notice_old",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="notices_notice_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("brand", "kind", "member", "about"), name="notices_notice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("campaign", None), ("reason", ""), ("settled_at", None)),
                    models.Q(
                        ("campaign__isnull", False), ("reason", ""), ("settled_at__isnull", False)
                    ),
                    models.Q(
                        ("campaign", None),
                        ("settled_at__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="notices_notice_settled",
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
        migrations.AddConstraint(
            model_name="summarisedmonth",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="notices_summarisedmonth_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="summarisedmonth",
            constraint=models.UniqueConstraint(
                fields=("brand", "month"), name="notices_month_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="unreadentry",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="notices_unreadentry_tenant"
            ),
        ),
        AddTenantForeignKey("notice", "member"),
        AddTenantForeignKey("notice", "campaign"),
        AddTenantForeignKey("declinedkind", "member"),
        AddTenantForeignKey("salesatonce", "member"),
    ]
