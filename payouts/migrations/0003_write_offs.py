"""A debt that is written off is a kind of ledger entry. The next migration checks old entries."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0002_outbox"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="ledgerentry",
            name="payouts_balance_adjusted",
        ),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="payouts_entry_kind",
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("commission", "Commission"),
                    ("adjustment", "Adjustment"),
                    ("write_off", "Write-off"),
                    ("payout", "Payout"),
                    ("payout_returned", "Payout returned"),
                ],
                max_length=16,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_balance_adjusted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'balance.adjusted', 'ledgerentry:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added  WHERE added.kind IN ('adjustment', 'write_off') ORDER BY added.id;\nRETURN NULL;\n",
                    hash="b754e03225f6afca30bf1f94b66db1d0de489c78",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payouts_balance_adjusted_6aad7",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="payouts_ledgerentry",
                    when="AFTER",
                ),
            ),
        ),
        AddConstraintNotValid(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("click_earning_id", None),
                        ("conversion_id__isnull", False),
                        ("kind", "commission"),
                    ),
                    models.Q(
                        ("click_earning_id__isnull", False),
                        ("conversion_id", None),
                        ("kind", "commission"),
                    ),
                    models.Q(
                        ("kind", "adjustment"),
                        ("payout", None),
                        ("click_earning_id", None),
                        ("conversion_id", None),
                    ),
                    models.Q(
                        ("kind", "write_off"),
                        ("payout", None),
                        ("click_earning_id", None),
                        ("conversion_id", None),
                    ),
                    models.Q(
                        ("kind__in", ["payout", "payout_returned"]),
                        ("payout__isnull", False),
                        ("click_earning_id", None),
                        ("conversion_id", None),
                    ),
                    _connector="OR",
                ),
                name="payouts_entry_kind",
            ),
        ),
    ]
