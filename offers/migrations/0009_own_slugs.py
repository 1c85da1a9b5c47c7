"""An offer says whether its members may choose the slugs of their links."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0008_newest_first"),
    ]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="own_slugs_allowed",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
