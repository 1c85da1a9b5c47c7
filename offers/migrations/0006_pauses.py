"""Members keep the times in which they were away from an offer.

The trigger keeps those of processes of before, which say none. The next migration fills in the past
and checks the rows.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_terms_withdrawn"),
        ("affiliates", "0001_initial"),
        ("offers", "0005_fixed_after_refund"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrollment",
            name="deactivated_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="enrollment",
            name="pauses",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enrollment",
            trigger=pgtrigger.compiler.Trigger(
                name="offers_enrollment_keeps_pauses",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((NEW.status = 'active') <> (NEW.deactivated_at IS NULL))",
                    func="\nIF NEW.status <> 'active' THEN\n    NEW.deactivated_at = greatest(now(), upper(tstzmultirange(VARIADIC NEW.pauses)));\nELSE\n    IF NEW.deactivated_at < now() THEN\n        NEW.pauses = NEW.pauses || tstzrange(NEW.deactivated_at, now());\n    END IF;\n    NEW.deactivated_at = NULL;\nEND IF;\nRETURN NEW;\n",
                    hash="05da85cc9e41b9ba0c78047a084181d84fb45ef4",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_offers_enrollment_keeps_pauses_0b86d",
                    table="offers_enrollment",
                    when="BEFORE",
                ),
            ),
        ),
        AddConstraintNotValid(
            model_name="enrollment",
            constraint=models.CheckConstraint(
                condition=django.db.models.expressions.RawSQL(
                    "(status = 'active') = (deactivated_at IS NULL) AND NOT lower_inf(tstzmultirange(VARIADIC pauses)) AND NOT upper_inf(tstzmultirange(VARIADIC pauses)) AND (deactivated_at IS NULL OR upper(tstzmultirange(VARIADIC pauses)) <= deactivated_at)",
                    [],
                    output_field=models.BooleanField(),
                ),
                name="offers_enrollment_pauses",
            ),
        ),
    ]
