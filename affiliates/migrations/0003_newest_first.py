"""List members, those who joined last first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets members come in meanwhile

    dependencies = [("affiliates", "0002_test_mode")]

    operations = [
        AddIndexConcurrently(
            model_name="member",
            index=models.Index(fields=["brand", "-joined_at", "-id"], name="affiliates_member_new"),
        ),
    ]
