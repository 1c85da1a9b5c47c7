"""The postal address that stands in a brand's mails."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_webhooks_scope")]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="postal_address",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
