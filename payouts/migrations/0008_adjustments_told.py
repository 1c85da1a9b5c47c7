"""The outbox tells whose balance was adjusted in which offer, and how."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0007_searched_lists"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="ledgerentry",
            name="payouts_balance_adjusted",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="payouts_balance_adjusted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'balance.adjusted', 'ledgerentry:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'member', enrollment.member_id, 'offer', enrollment.offer_id, 'kind', added.kind, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added JOIN offers_enrollment enrollment ON enrollment.brand_id = added.brand_id AND enrollment.id = added.enrollment_id WHERE added.kind IN ('adjustment', 'write_off') ORDER BY added.id;\nRETURN NULL;\n",
                    hash="b59941ce030fc79986e85700a01cb5335b59c8a4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payouts_balance_adjusted_6aad7",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="payouts_ledgerentry",
                    when="AFTER",
                ),
            ),
        ),
    ]
