"""Orders, refunds, conversions and credited clicks are written to the outbox."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_outbox"),
        ("tracking", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="clickearning",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_clicks_credited",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'clicks.credited', 'clickearning:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'day', added.day, 'clicks', added.clicks, 'amount_minor', added.amount_minor)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="c32bcc34b691fe208da6e49cb13406a1f6d56294",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_clicks_credited_c6cd8",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_clickearning",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clickearning",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_clicks_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'clicks.credited', 'clickearning:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'day', added.day, 'clicks', added.clicks, 'amount_minor', added.amount_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.amount_minor IS DISTINCT FROM removed.amount_minor) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="ee2e20e8f5a317af4d22c46372db5f907d64adee",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_clicks_changed_de467",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_clickearning",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_recorded",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'conversion.recorded', 'conversion:' || added.id, jsonb_build_object('order', added.order_id, 'enrollment', added.enrollment_id, 'status', added.status, 'currency', added.currency, 'refunded_minor', added.refunded_minor, 'commission_minor', added.commission_minor)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="62b80ac3cbcc2da89b6bf74582264750c8cc024f",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_conversion_recorded_10d1e",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'conversion.changed', 'conversion:' || added.id, jsonb_build_object('order', added.order_id, 'enrollment', added.enrollment_id, 'status', added.status, 'currency', added.currency, 'refunded_minor', added.refunded_minor, 'commission_minor', added.commission_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.status IS DISTINCT FROM removed.status OR added.refunded_minor IS DISTINCT FROM removed.refunded_minor OR added.commission_minor IS DISTINCT FROM removed.commission_minor) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="6e07c0ded1841ee3b1606cbf75a680d81b29d5a5",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_conversion_changed_73056",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_order_recorded",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.recorded', 'order:' || added.id, jsonb_build_object('currency', added.currency, 'total_minor', added.total_minor)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="1d78cc97c4e7d9c8a18cdae0c74677dee0e0d4e7",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_order_recorded_4277d",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_order",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refund",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_refund_applied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.refunded', 'refund:' || added.id, jsonb_build_object('order', added.order_id, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added  WHERE added.state = 'applied' ORDER BY added.id;\nRETURN NULL;\n",
                    hash="19742df4926c1b57b3dc074ea974730b7203c789",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_refund_applied_31dbb",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_refund",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refund",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_refund_applied_later",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.refunded', 'refund:' || added.id, jsonb_build_object('order', added.order_id, 'currency', added.currency, 'amount_minor', added.amount_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.state IS DISTINCT FROM removed.state) AND added.state = 'applied' ORDER BY added.id;\nRETURN NULL;\n",
                    hash="9d218f87d6f06816bdfa7c630265c121d4bf066b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_refund_applied_later_cc0a9",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_refund",
                    when="AFTER",
                ),
            ),
        ),
    ]
