"""Finds the flags of a member's days."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0021_flags")]

    operations = [
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["brand", "enrollment", "kind"], name="tracking_flag_kind"),
        ),
    ]
