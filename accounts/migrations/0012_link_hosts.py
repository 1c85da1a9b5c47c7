"""A brand knows all hosts that answer with its tracking links."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_link_host"),
    ]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="link_hosts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=253),
                db_default=models.Value(
                    [],
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253), size=None
                    ),
                ),
                default=list,
                editable=False,
                size=None,
            ),
        ),
    ]
