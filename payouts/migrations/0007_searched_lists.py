"""Find payments by a part of their reference without reading the others."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

import core.word_search


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
                core.word_search.Pieces("reference"),
                name="payouts_payout_pieces",
                gin_pending_list_limit=256,
            ),
        ),
    ]
