"""List payments in a state without reading others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets payments come in meanwhile

    dependencies = [("payouts", "0005_account_fingerprints")]

    operations = [
        AddIndexConcurrently(
            model_name="payout",
            index=models.Index(
                fields=["brand", "state", "-created_at", "-id"],
                name="payouts_payout_in_state",
            ),
        ),
    ]
