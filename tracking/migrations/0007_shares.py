"""An order can be credited to several members by shares, which add up to the whole."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_order_revised"),
        ("affiliates", "0001_initial"),
        ("offers", "0003_customer_window"),
        ("tracking", "0006_pending_sales"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="conversion",
            name="tracking_conversion_once",
        ),
        migrations.AddField(
            model_name="conversion",
            name="share_bp",
            field=models.PositiveSmallIntegerField(db_default=10000, default=10000),
        ),
        migrations.AddField(
            model_name="conversion",
            name="share_reason",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_shares_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."share_bp" < 10000)',
                    constraint="CONSTRAINT",
                    func="\nIF (SELECT sum(share_bp) FROM tracking_conversion\n    WHERE brand_id = NEW.brand_id AND order_id = NEW.order_id) <> 10000 THEN\n  RAISE EXCEPTION 'the shares of an order add up to 10000 basis points'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'tracking_conversion_shares';\nEND IF;\nRETURN NULL;\n",
                    hash="e357392c259fc5ea7659fa8049dd0963d6c781e4",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_conversion_shares_insert_2a433",
                    table="tracking_conversion",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_shares_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\nIF (SELECT sum(share_bp) FROM tracking_conversion\n    WHERE brand_id = NEW.brand_id AND order_id = NEW.order_id) <> 10000 THEN\n  RAISE EXCEPTION 'the shares of an order add up to 10000 basis points'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'tracking_conversion_shares';\nEND IF;\nRETURN NULL;\n",
                    hash="34c52c91f7cd0919a977e530ab22c3a75f21a82d",
                    operation='UPDATE OF "share_bp"',
                    pgid="pgtrigger_tracking_conversion_shares_update_1a2a0",
                    table="tracking_conversion",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.UniqueConstraint(
                fields=("brand", "order", "enrollment"), name="tracking_conversion_share"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("share_bp", 10000)),
                fields=("brand", "order"),
                name="tracking_conversion_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("share_bp__lte", 10000)), name="tracking_conversion_share_bp"
            ),
        ),
    ]
