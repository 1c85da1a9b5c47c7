"""Lists the orders that no member is credited for, and finds them by their codes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

NOT_CREDITED = models.Q(("unattributed", ""), _negated=True)


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets orders come in meanwhile

    dependencies = [("tracking", "0004_order_revisions")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["brand", "-ordered_at", "-id"],
                name="tracking_order_unattributed",
                condition=NOT_CREDITED,
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["brand", "-ordered_at", "-id"],
                name="tracking_order_lost_codes",
                condition=NOT_CREDITED & models.Q(("promo_codes", []), _negated=True),
            ),
        ),
    ]
