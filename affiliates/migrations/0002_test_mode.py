"""A member of a test brand belongs to no creator."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_test_mode"),
        ("affiliates", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="member",
            trigger=pgtrigger.compiler.Trigger(
                name="affiliates_member_live_creator",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."creator_id" IS NOT NULL)',
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: creators';\nEND IF;\nRETURN NEW;\n",
                    hash="9af874a779f1b4a0d3949a424e29da9573da0d21",
                    operation='INSERT OR UPDATE OF "creator_id"',
                    pgid="pgtrigger_affiliates_member_live_creator_65009",
                    table="affiliates_member",
                    when="BEFORE",
                ),
            ),
        ),
    ]
