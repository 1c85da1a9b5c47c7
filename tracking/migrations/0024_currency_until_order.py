"""A trigger keeps currency and time zone of a brand from its first order on."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_webhooks_scope"),
        ("tracking", "0023_filtered_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrandWithOrders",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("accounts.brand",),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="brandwithorders",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_brand_basics",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone"))',
                    func="\nIF EXISTS (SELECT FROM tracking_order WHERE brand_id = NEW.id) THEN\n    RAISE EXCEPTION 'the currency and the time zone of a brand are fixed by its first order';\nEND IF;\nRETURN NEW;\n",
                    hash="8c02425cbfa0ee5ce4ceba3251ac1abc0480ee31",
                    operation='UPDATE OF "currency", "time_zone"',
                    pgid="pgtrigger_tracking_brand_basics_5b699",
                    table="accounts_brand",
                    when="BEFORE",
                ),
            ),
        ),
    ]
