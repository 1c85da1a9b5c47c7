"""Find payments by a part of their reference without reading the others."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets payments be made meanwhile

    dependencies = [
        ("core", "0002_pieces_of_words"),
        ("payouts", "0006_filtered_lists"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="payout",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    models.F("brand"),
                    models.Value(1),
                    models.F("reference"),
                    template="core_pieces(%(expressions)s)",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
                name="payouts_payout_pieces",
                gin_pending_list_limit=256,
            ),
        ),
    ]
