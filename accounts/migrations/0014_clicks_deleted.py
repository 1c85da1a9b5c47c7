"""Since when a brand's clicks are complete: older ones were deleted after their time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_clicks_kept")]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="clicks_complete_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
