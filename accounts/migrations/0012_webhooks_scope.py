"""Keys can change webhooks. Those that exist can't."""

from django.db import migrations, models

SCOPES = ["read", "orders", "members", "payouts", "webhooks"]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_test_mode"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="apikey", name="accounts_apikey_scopes"),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("scopes__contained_by", SCOPES), ("scopes__len__gt", 0)),
                name="accounts_apikey_scopes",
            ),
        ),
    ]
