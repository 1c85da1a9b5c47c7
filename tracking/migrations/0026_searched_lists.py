"""Find questions, refunds to check and the codes of unattributed orders by a part of their text."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

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
                models.Func(
                    models.F("brand"),
                    models.Value(1),
                    models.Func(models.F("promo_codes"), template="VARIADIC %(expressions)s"),
                    template="core_pieces(%(expressions)s::text[])",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
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
                models.Func(
                    models.F("brand"),
                    models.Value(1),
                    models.F("order_reference"),
                    template="core_pieces(%(expressions)s)",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
                name="tracking_question_pieces",
                gin_pending_list_limit=256,
            ),
        ),
        AddIndexConcurrently(
            model_name="refund",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    models.F("brand"),
                    models.Value(1),
                    models.F("external_id"),
                    models.F("order_external_id"),
                    template="core_pieces(%(expressions)s)",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
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
