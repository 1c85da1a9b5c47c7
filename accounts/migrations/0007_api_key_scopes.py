"""What a key may do, until when and from where. Keys that exist may do everything."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

SCOPES = ["read", "orders", "members", "payouts"]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_api_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="allowed_addresses",
            field=ArrayField(
                base_field=models.CharField(max_length=43),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="scopes",
            field=ArrayField(
                base_field=models.CharField(max_length=10), db_default=SCOPES, size=None
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("scopes__contained_by", SCOPES), ("scopes__len__gt", 0)),
                name="accounts_apikey_scopes",
            ),
        ),
    ]
