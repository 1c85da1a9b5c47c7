"""No shop is connected to a test brand."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_test_mode"),
        ("integrations", "0003_codes"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="connection",
            trigger=pgtrigger.compiler.Trigger(
                name="integrations_connection_live_brand",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: connected shops';\nEND IF;\nRETURN NEW;\n",
                    hash="2c5c6577353a9320c75484b8e1ffcafd2ed9f314",
                    operation="INSERT",
                    pgid="pgtrigger_integrations_connection_live_brand_253ed",
                    table="integrations_connection",
                    when="BEFORE",
                ),
            ),
        ),
    ]
