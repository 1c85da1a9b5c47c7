"""Members who join and leave, and new terms, are written to the outbox."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_outbox"),
        ("offers", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="enrollment",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_member_joined",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'member.joined', 'enrollment:' || added.id, jsonb_build_object('offer', added.offer_id, 'member', added.member_id, 'status', added.status)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="21a8ddb0fddba1c65479fb3d74e73913e3be5527",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_offers_member_joined_2a3e0",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="offers_enrollment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enrollment",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_member_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), CASE added.status WHEN 'active' THEN 'member.joined' ELSE 'member.left' END, 'enrollment:' || added.id, jsonb_build_object('offer', added.offer_id, 'member', added.member_id, 'status', added.status)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.status IS DISTINCT FROM removed.status) AND (added.status = 'active') <> (removed.status = 'active') ORDER BY added.id;\nRETURN NULL;\n",
                    hash="dc32f959d24529b932bb22e3766e3d83ab484c83",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_offers_member_changed_2c30f",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="offers_enrollment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="terms",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_terms_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'terms.changed', 'terms:' || added.id, jsonb_build_object('offer', added.offer_id, 'version', added.version)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="beacd8f2c71502adacd38e521d3f693a9bf6e909",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_offers_terms_changed_91e59",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="offers_terms",
                    when="AFTER",
                ),
            ),
        ),
    ]
