"""Orders that are gone in the shop for good, as the deliveries told."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets deliveries come in meanwhile

    dependencies = [("integrations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="deleted_order_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=120),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("deleted_order_ids", []), _negated=True),
                fields=["deleted_order_ids"],
                name="integrations_event_deleted",
            ),
        ),
    ]
