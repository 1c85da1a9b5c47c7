from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that nobody waits for is made outside of a transaction

    dependencies = [("notifications", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ["failed", "unknown"])),
                fields=["settled_at", "state"],
                name="notifications_message_lost",
            ),
        ),
    ]
