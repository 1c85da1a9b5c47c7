"""Lists the refunds that wait for their order, or that were applied only in part or not at all."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets refunds come in meanwhile

    dependencies = [("tracking", "0010_code_holders")]

    operations = [
        AddIndexConcurrently(
            model_name="refund",
            index=models.Index(
                fields=["brand", "-received_at", "-id"],
                name="tracking_refund_to_check",
                condition=models.Q(
                    ("state", "parked"),
                    models.Q(("state", "applied"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
            ),
        ),
    ]
