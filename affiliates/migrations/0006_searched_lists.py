"""Find members by a word, and those in no offer, without reading the others."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


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
                models.Func(
                    models.F("brand"),
                    models.Value(1),
                    models.F("first_name"),
                    models.F("last_name"),
                    models.F("email"),
                    template="core_pieces(%(expressions)s)",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
                name="affiliates_member_pieces",
                gin_pending_list_limit=256,
            ),
        ),
    ]
