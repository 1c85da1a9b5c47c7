"""What a shop shows in place of an order's id, and an index that finds it."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets orders come in meanwhile

    dependencies = [("tracking", "0012_column_mapping")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="number",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                models.F("brand"),
                django.db.models.functions.comparison.Collate(
                    django.db.models.functions.text.Upper("number"), "C"
                ),
                condition=models.Q(("number", ""), _negated=True),
                name="tracking_order_shown_number",
            ),
        ),
    ]
