"""Add up what links had before their figures of all days were kept."""

from django.db import migrations

FIGURES = ("clicks", "visitors", "robots", "inactive", "conversions", "sales_minor",
           "commission_minor")  # fmt: skip
ALL, NEGATIVE = ", ".join(FIGURES), ", ".join(f"-{name}" for name in FIGURES)
SUMS, ZEROS = ", ".join(f"sum({name})" for name in FIGURES), ", ".join("0" for _ in FIGURES)
# A source total and its summand are written together, so one statement sees both or neither: it
# needs no lock, and adds what is missing whenever it runs.
ADD = f"""
INSERT INTO tracking_linktotal (brand_id, link_id, {ALL})
SELECT brand_id, link_id, {SUMS} FROM (
  SELECT brand_id, value::bigint AS link_id, {ALL}
  FROM tracking_sourcetotal WHERE dimension = 'link'
  UNION ALL
  SELECT brand_id, link_id, {NEGATIVE} FROM tracking_linktotal
) AS missing
GROUP BY brand_id, link_id HAVING ({SUMS}) IS DISTINCT FROM ({ZEROS})
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("tracking", "0027_link_totals")]

    operations = [migrations.RunSQL(ADD, migrations.RunSQL.noop)]
