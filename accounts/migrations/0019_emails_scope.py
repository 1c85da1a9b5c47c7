"""Keys can send emails to members. Those that exist can't."""

from django.db import migrations, models

SCOPES = ["read", "orders", "members", "payouts", "webhooks", "emails"]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_staff_mails"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="apikey", name="accounts_apikey_scopes"),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "secret"), ("scopes__contained_by", SCOPES), ("scopes__len__gt", 0)
                )
                | models.Q(("kind__in", ["publishable", "postback"]), ("scopes__len", 0)),
                name="accounts_apikey_scopes",
            ),
        ),
    ]
