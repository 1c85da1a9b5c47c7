"""List inactive and removed members of offers without reading others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets members come in meanwhile

    dependencies = [("offers", "0009_own_slugs")]

    operations = [
        AddIndexConcurrently(
            model_name="enrollment",
            index=models.Index(
                fields=["brand", "status", "-joined_at", "-id"],
                name="offers_enrollment_away",
                condition=models.Q(("status__in", ["inactive", "removed"])),
            ),
        ),
    ]
