"""Keep of each member whether they are in an offer. `offers` fills it and keeps it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0004_notes_and_segments")]

    operations = [
        migrations.AddField(
            model_name="member",
            name="is_enrolled",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
