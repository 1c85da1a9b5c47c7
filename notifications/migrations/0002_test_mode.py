"""A test brand sends no campaign."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_test_mode"),
        ("notifications", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="campaign",
            trigger=pgtrigger.compiler.Trigger(
                name="notifications_campaign_live_brand",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"state\" IN ('sending', 'paused'))",
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: campaigns that are sent';\nEND IF;\nRETURN NEW;\n",
                    hash="cb220cd249b2e66c5a08746aeafd1c943a987e7c",
                    operation='INSERT OR UPDATE OF "state"',
                    pgid="pgtrigger_notifications_campaign_live_brand_91a46",
                    table="notifications_campaign",
                    when="BEFORE",
                ),
            ),
        ),
    ]
