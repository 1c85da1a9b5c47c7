"""A digest that a chat channel did not take is posted again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0002_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="retry_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
