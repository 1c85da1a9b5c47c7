"""allauth's table of addresses, whose own migrations need our users first, stays empty."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnusedEmailAddress",
            fields=[],
            options={
                "proxy": True,
            },
            bases=("account.emailaddress",),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unusedemailaddress",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_no_email_address",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'addresses are proven in accounts_user alone';",
                    hash="182207de6d1276a9d22e90ac2051cdc1b8d265dd",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_accounts_no_email_address_d3e84",
                    table="account_emailaddress",
                    when="BEFORE",
                ),
            ),
        ),
    ]
