"""Keeps a keyed digest of each account, to find creators who share one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0004_write_offs_checked"),
    ]

    operations = [
        migrations.AddField(
            model_name="payoutdetails",
            name="fingerprint",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
