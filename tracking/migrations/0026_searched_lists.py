"""Find questions, refunds to check and the codes of unattributed orders by a part of their text."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import core.word_search

# PostgreSQL takes no statistics from an index of some rows, and has to know how many rows have a
# piece.
STATISTICS = """
CREATE STATISTICS tracking_order_code_pieces_of_all
    ON (core_pieces(brand_id, 1, VARIADIC (promo_codes)::text[])) FROM tracking_order;
CREATE STATISTICS tracking_refund_pieces_of_all
    ON (core_pieces(brand_id, 1, external_id, order_external_id)) FROM tracking_refund
"""
NO_STATISTICS = "DROP STATISTICS tracking_order_code_pieces_of_all, tracking_refund_pieces_of_all"


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets orders come in meanwhile

    dependencies = [
        ("core", "0002_pieces_of_words"),
        ("tracking", "0025_sources_of_a_day"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=django.contrib.postgres.indexes.GinIndex(
                core.word_search.PiecesOfArray("promo_codes"),
                name="tracking_order_code_pieces",
                condition=models.Q(
                    models.Q(("unattributed", ""), _negated=True),
                    models.Q(("promo_codes", []), _negated=True),
                ),
                gin_pending_list_limit=256,
            ),
        ),
        AddIndexConcurrently(
            model_name="question",
            index=django.contrib.postgres.indexes.GinIndex(
                core.word_search.Pieces("order_reference"),
                name="tracking_question_pieces",
                gin_pending_list_limit=256,
            ),
        ),
        AddIndexConcurrently(
            model_name="refund",
            index=django.contrib.postgres.indexes.GinIndex(
                core.word_search.Pieces("external_id", "order_external_id"),
                name="tracking_refund_pieces",
                condition=models.Q(
                    ("state", "parked"),
                    models.Q(("state", "applied"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                gin_pending_list_limit=256,
            ),
        ),
        migrations.RunSQL(STATISTICS, NO_STATISTICS),
    ]
