"""Keep of each member whether they are in an offer, and fill it in for those who are."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

# The triggers of this transaction lock the enrollments, so none changes while this runs.
FILL = """
UPDATE affiliates_member AS member SET is_enrolled = true
WHERE EXISTS (
    SELECT FROM offers_enrollment AS enrollment WHERE enrollment.brand_id = member.brand_id
    AND enrollment.member_id = member.id AND enrollment.status <> 'removed')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0005_is_enrolled"),
        ("offers", "0010_filtered_lists"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="enrollment",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_member_enrolled",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM FROM affiliates_member\nWHERE (brand_id, id) IN (SELECT brand_id, member_id FROM added) ORDER BY id FOR NO KEY UPDATE;\nUPDATE affiliates_member AS member SET is_enrolled = NOT is_enrolled\nWHERE (brand_id, id) IN (SELECT brand_id, member_id FROM added) AND is_enrolled <> EXISTS (\n    SELECT FROM offers_enrollment AS enrollment WHERE enrollment.brand_id = member.brand_id\n    AND enrollment.member_id = member.id AND enrollment.status <> 'removed');\nRETURN NULL;\n",
                    hash="75bc6cb8fd180e4afbeb2589fd2ecafa0bfc6ca3",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_offers_member_enrolled_ff989",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="offers_enrollment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enrollment",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_member_moved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM FROM affiliates_member\nWHERE (brand_id, id) IN (\n    SELECT moved.brand_id, moved.member_id\n    FROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id\n    CROSS JOIN LATERAL (VALUES\n        (added.brand_id, added.member_id), (removed.brand_id, removed.member_id)\n    ) AS moved (brand_id, member_id)\n    WHERE (added.member_id, added.status = 'removed')\n        <> (removed.member_id, removed.status = 'removed')\n) ORDER BY id FOR NO KEY UPDATE;\nUPDATE affiliates_member AS member SET is_enrolled = NOT is_enrolled\nWHERE (brand_id, id) IN (\n    SELECT moved.brand_id, moved.member_id\n    FROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id\n    CROSS JOIN LATERAL (VALUES\n        (added.brand_id, added.member_id), (removed.brand_id, removed.member_id)\n    ) AS moved (brand_id, member_id)\n    WHERE (added.member_id, added.status = 'removed')\n        <> (removed.member_id, removed.status = 'removed')\n) AND is_enrolled <> EXISTS (\n    SELECT FROM offers_enrollment AS enrollment WHERE enrollment.brand_id = member.brand_id\n    AND enrollment.member_id = member.id AND enrollment.status <> 'removed');\nRETURN NULL;\n",
                    hash="2453407d9d73fc4c87b12d6c2d520c0e55b14fd8",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_offers_member_moved_16cb8",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="offers_enrollment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enrollment",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_member_out",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM FROM affiliates_member\nWHERE (brand_id, id) IN (SELECT brand_id, member_id FROM removed) ORDER BY id FOR NO KEY UPDATE;\nUPDATE affiliates_member AS member SET is_enrolled = NOT is_enrolled\nWHERE (brand_id, id) IN (SELECT brand_id, member_id FROM removed) AND is_enrolled <> EXISTS (\n    SELECT FROM offers_enrollment AS enrollment WHERE enrollment.brand_id = member.brand_id\n    AND enrollment.member_id = member.id AND enrollment.status <> 'removed');\nRETURN NULL;\n",
                    hash="1120705617a02ed725f5d9402bcc517874622951",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_offers_member_out_4947c",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="offers_enrollment",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
