"""Codes and links keep the times in which they were out of use."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0008_exchange_rates")]

    operations = [
        migrations.AddField(
            model_name="promocode",
            name="pauses",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="trackinglink",
            name="pauses",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
    ]
