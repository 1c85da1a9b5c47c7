"""The outbox tells how a shop calls an order, whether it is paid, and whose clicks earned what."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0029_shares_before"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="clickearning",
            name="tracking_clicks_credited",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="clickearning",
            name="tracking_clicks_changed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="order",
            name="tracking_order_recorded",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="order",
            name="tracking_order_revised",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clickearning",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_clicks_credited",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'clicks.credited', 'clickearning:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'member', enrollment.member_id, 'offer', enrollment.offer_id, 'day', added.day, 'clicks', added.clicks, 'currency', offer.currency, 'amount_minor', added.amount_minor)\nFROM added JOIN offers_enrollment enrollment ON enrollment.brand_id = added.brand_id AND enrollment.id = added.enrollment_id JOIN offers_offer offer ON offer.brand_id = enrollment.brand_id AND offer.id = enrollment.offer_id WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="b0e283bce8a66696e38516c2dd48778158dbc733",
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
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'clicks.credited', 'clickearning:' || added.id, jsonb_build_object('enrollment', added.enrollment_id, 'member', enrollment.member_id, 'offer', enrollment.offer_id, 'day', added.day, 'clicks', added.clicks, 'currency', offer.currency, 'amount_minor', added.amount_minor)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id JOIN offers_enrollment enrollment ON enrollment.brand_id = added.brand_id AND enrollment.id = added.enrollment_id JOIN offers_offer offer ON offer.brand_id = enrollment.brand_id AND offer.id = enrollment.offer_id WHERE (added.amount_minor IS DISTINCT FROM removed.amount_minor) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="8e33135eb0572c9da810691ed2b3f0f19d047550",
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
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_order_recorded",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.recorded', 'order:' || added.id, jsonb_build_object('order_id', added.external_id, 'source', added.source, 'currency', added.currency, 'total_minor', added.total_minor, 'payment_status', added.payment_status, 'cancelled_at', added.cancelled_at)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="ebeb821f61185907783d6ca56fcc52a87624d4ae",
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
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_order_revised",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'order.revised', 'order:' || added.id, jsonb_build_object('order_id', added.external_id, 'source', added.source, 'currency', added.currency, 'total_minor', added.total_minor, 'payment_status', added.payment_status, 'cancelled_at', added.cancelled_at)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.revision IS DISTINCT FROM removed.revision) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="6de1b2052d36a8a365073573c45c7c99d7b90063",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_order_revised_3ecd1",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_order",
                    when="AFTER",
                ),
            ),
        ),
    ]
