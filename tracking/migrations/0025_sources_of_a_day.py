"""Keep a member's sources of a day at 500: visitors choose sub-ids and referrers."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# Rows of before have no number. Nor have those that an old process adds while it is replaced by a
# new one: its days are let through, with one more for a click that is ahead, in any time zone.
NUMBERED = """
DO $$
BEGIN
  EXECUTE format(
    'ALTER TABLE tracking_sourcetotal ADD CONSTRAINT tracking_source_numbered CHECK ('
    'number IS NOT NULL OR clicks = 0 OR dimension IN (''link'', ''country'', ''device'')'
    ' OR day < %L) NOT VALID', current_date + 3
  );
END
$$
"""
VALIDATED = "ALTER TABLE tracking_sourcetotal VALIDATE CONSTRAINT tracking_source_numbered"
NOT_NUMBERED = "ALTER TABLE tracking_sourcetotal DROP CONSTRAINT tracking_source_numbered"


class Migration(migrations.Migration):
    atomic = False  # the table is read without a lock that would keep clicks and orders waiting

    dependencies = [
        ("accounts", "0016_webhooks_scope"),
        ("offers", "0010_filtered_lists"),
        ("tracking", "0024_currency_until_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="click",
            name="as_other",
            field=ArrayField(base_field=models.CharField(max_length=8), null=True, size=None),
        ),
        migrations.AddField(
            model_name="conversionsource",
            name="as_other",
            field=ArrayField(base_field=models.CharField(max_length=8), null=True, size=None),
        ),
        migrations.AddField(
            model_name="sourcetotal", name="number", field=models.SmallIntegerField(null=True)
        ),
        migrations.AddConstraint(
            model_name="sourcetotal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number__isnull", False)),
                fields=("brand", "enrollment", "dimension", "day", "number"),
                name="tracking_source_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcetotal",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__range", (0, 500))), name="tracking_source_most"
            ),
        ),
        migrations.RunSQL(NUMBERED, NOT_NUMBERED),
        migrations.RunSQL(VALIDATED, migrations.RunSQL.noop),
    ]
