"""Find members by a word, and those in no offer, without reading the others."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import core.word_search


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets members come in meanwhile

    dependencies = [
        ("core", "0002_pieces_of_words"),
        ("affiliates", "0005_is_enrolled"),
        ("offers", "0011_is_enrolled"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="member",
            index=models.Index(
                fields=["brand", "-joined_at", "-id"],
                name="affiliates_member_in_no_offer",
                condition=models.Q(("is_enrolled", False)),
            ),
        ),
        AddIndexConcurrently(
            model_name="member",
            index=django.contrib.postgres.indexes.GinIndex(
                core.word_search.Pieces("first_name", "last_name", "email"),
                name="affiliates_member_pieces",
                gin_pending_list_limit=256,
            ),
        ),
    ]
