"""Since when members are away and when they were, as the audit log says; else since this migration."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

FILL = """
WITH said AS (
  SELECT brand_id, split_part(target, ':', 2)::bigint AS enrollment_id, at, id,
    action = 'enrollment.joined' OR detail ->> 'after' = 'active' AS is_active
  FROM accounts_auditentry
  WHERE action IN ('enrollment.joined', 'enrollment.status_set')
), compared AS (
  SELECT *, lag(is_active) OVER said_of AS was_active FROM said
  WINDOW said_of AS (PARTITION BY brand_id, enrollment_id ORDER BY at, id)
), turns AS (
  SELECT *, lead(at) OVER turns_of AS next_at FROM compared
  WHERE is_active IS DISTINCT FROM was_active
  WINDOW turns_of AS (PARTITION BY brand_id, enrollment_id ORDER BY at, id)
), away AS (
  SELECT brand_id, enrollment_id, max(at) FILTER (WHERE next_at IS NULL) AS since,
    array_agg(tstzrange(at, next_at) ORDER BY at) FILTER (WHERE next_at > at) AS pauses
  FROM turns WHERE NOT is_active GROUP BY 1, 2
)
UPDATE offers_enrollment AS enrollment
SET pauses = coalesce(away.pauses, '{}'),
  deactivated_at = CASE WHEN known.status <> 'active' THEN coalesce(away.since, now()) END
FROM offers_enrollment AS known LEFT JOIN away
  ON away.brand_id = known.brand_id AND away.enrollment_id = known.id
WHERE known.id = enrollment.id AND (away.enrollment_id IS NOT NULL OR known.status <> 'active')
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0006_pauses")]

    operations = [
        migrations.RunSQL(FILL, reverse_sql=migrations.RunSQL.noop),
        ValidateConstraint(model_name="enrollment", name="offers_enrollment_pauses"),
    ]
