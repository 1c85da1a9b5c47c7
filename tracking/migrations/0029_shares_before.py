"""Keep what others have of an order before a member's share: so rounded shares add up."""

from django.db import migrations, models
from django.db.models import F, Q, Value
from django.db.models.expressions import CombinedExpression

# Few orders are shared. What they earn follows when they are settled the next time.
FILL = """
UPDATE tracking_conversion AS c SET shares_before_bp = found.before FROM (
  SELECT id, sum(share_bp) OVER (PARTITION BY brand_id, order_id ORDER BY enrollment_id) - share_bp
    AS before
  FROM tracking_conversion
  WHERE (brand_id, order_id) IN (
    SELECT brand_id, order_id FROM tracking_conversion WHERE share_bp < 10000)
) AS found WHERE c.id = found.id AND found.before > 0
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0028_add_up_links")]

    operations = [
        migrations.AddField(
            model_name="conversion",
            name="shares_before_bp",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="conversion", name="tracking_conversion_share_bp"),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.CheckConstraint(
                condition=Q(
                    shares_before_bp__lte=CombinedExpression(Value(10_000), "-", F("share_bp"))
                ),
                name="tracking_conversion_share_bp",
            ),
        ),
    ]
