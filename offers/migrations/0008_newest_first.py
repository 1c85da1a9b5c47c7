"""List members in offers, those who joined last first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets members come in meanwhile

    dependencies = [("offers", "0007_past_pauses")]

    operations = [
        AddIndexConcurrently(
            model_name="enrollment",
            index=models.Index(fields=["brand", "-joined_at", "-id"], name="offers_enrollment_new"),
        ),
        AddIndexConcurrently(
            model_name="enrollment",
            index=models.Index(
                fields=["brand", "offer", "-joined_at", "-id"], name="offers_enrollment_offer"
            ),
        ),
    ]
