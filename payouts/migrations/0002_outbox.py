"""Payments, runs and adjustments are written to the outbox."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_outbox"),
        ("payouts", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_balance_adjusted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'balance.adjusted', 'ledgerentry:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added  WHERE added.kind = 'adjustment' ORDER BY added.id;\nRETURN NULL;\n",
                    hash="20570674f205e487269f736d65c8f14fbc500054",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payouts_balance_adjusted_6aad7",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="payouts_ledgerentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payout",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_payout_made",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'payout.changed', 'payout:' || added.id, jsonb_build_object('run', added.run_id, 'member', added.member_id, 'state', added.state, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="8332a6c159f306e912ca02f368f2bd587c800a08",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payouts_payout_made_b1fa2",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="payouts_payout",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payout",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_payout_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'payout.changed', 'payout:' || added.id, jsonb_build_object('run', added.run_id, 'member', added.member_id, 'state', added.state, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.state IS DISTINCT FROM removed.state) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="358fc383e0f36a7434a15d46fdd81942a3ee4c36",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_payouts_payout_changed_1beb5",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="payouts_payout",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payoutrun",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_run_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'payout_run.changed', 'payoutrun:' || added.id, jsonb_build_object('state', added.state, 'currency', added.currency, 'amount_minor', added.amount_minor, 'payments', added.payments)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.state IS DISTINCT FROM removed.state) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="29f0cd41d767f91c6f368233c263bb617a97e068",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_payouts_run_changed_4c414",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="payouts_payoutrun",
                    when="AFTER",
                ),
            ),
        ),
    ]
