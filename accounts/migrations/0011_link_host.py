"""A brand names the host of its own that its tracking links are shown with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_key_kinds"),
    ]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="link_host",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=253
            ),
        ),
    ]
