"""A code that was ended can have another holder, and at any moment it has one at most.

A range type of texts lets the exclusion constraint compare codes without an extension.
"""

import django.contrib.postgres.constraints
import django.db.models.expressions
import django.db.models.functions.text
from django.db import migrations, models

MAKE = 'CREATE TYPE tracking_coderange AS RANGE (subtype = text, collation = "C")'
DROP = "DROP TYPE tracking_coderange"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0009_item_pauses")]

    operations = [
        migrations.RunSQL(MAKE, reverse_sql=DROP),
        migrations.AddIndex(
            model_name="promocode",
            index=models.Index(
                models.F("brand"),
                django.db.models.functions.text.Upper("code"),
                name="tracking_code_text",
            ),
        ),
        migrations.AddConstraint(
            model_name="promocode",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        django.db.models.expressions.RawSQL(
                            "tracking_coderange((brand_id::text || ':' || upper(code)), (brand_id::text || ':' || upper(code)), '[]')",
                            [],
                        ),
                        "&&",
                    ),
                    (
                        django.db.models.expressions.RawSQL(
                            "((CASE WHEN deactivated_at IS NULL\nTHEN tstzmultirange(tstzrange(created_at, NULL))\nELSE tstzmultirange(tstzrange(created_at, greatest(created_at, deactivated_at))) END)\n- tstzmultirange(VARIADIC pauses))",
                            [],
                        ),
                        "&&",
                    ),
                ],
                name="tracking_code_one_holder",
            ),
        ),
        migrations.RemoveConstraint(model_name="promocode", name="tracking_code_once"),
    ]
