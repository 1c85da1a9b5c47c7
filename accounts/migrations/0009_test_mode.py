"""A live brand may have a test brand, which has no staff of its own."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_idempotent_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="test_of",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="test_brand",
                to="accounts.brand",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="brand",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_brand_test_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'UPDATE' AND NEW.test_of_id IS DISTINCT FROM OLD.test_of_id THEN\n    RAISE EXCEPTION 'a brand stays live or a test brand, as it was made';\nEND IF;\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.test_of_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'there is no test brand of a test brand';\nEND IF;\nRETURN NEW;\n",
                    hash="e994aceebb265242a5488c4be6ab733ce31d2b0a",
                    operation='INSERT OR UPDATE OF "test_of_id"',
                    pgid="pgtrigger_accounts_brand_test_stays_59e83",
                    table="accounts_brand",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_invitation_live",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: invitations';\nEND IF;\nRETURN NEW;\n",
                    hash="9901f6c8c23d59e7026bd0da12de596b10324710",
                    operation="INSERT",
                    pgid="pgtrigger_accounts_invitation_live_2040a",
                    table="accounts_invitation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staff",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_staff_live",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: staff';\nEND IF;\nRETURN NEW;\n",
                    hash="37bfb1d7e80863968da7484d0a0bd89ad5f19fd7",
                    operation="INSERT",
                    pgid="pgtrigger_accounts_staff_live_25211",
                    table="accounts_staff",
                    when="BEFORE",
                ),
            ),
        ),
    ]
