"""Keys for pages of a shop and for postbacks, which can only send orders. Keys that exist stay as they are."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_test_mode"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apikey",
            name="accounts_apikey_scopes",
        ),
        migrations.AddField(
            model_name="apikey",
            name="is_trusted",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="apikey",
            name="kind",
            field=models.CharField(
                choices=[
                    ("secret", "API key"),
                    ("publishable", "Publishable key"),
                    ("postback", "Postback key"),
                ],
                db_default="secret",
                default="secret",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="origins",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=300),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "secret"),
                        ("scopes__contained_by", ["read", "orders", "members", "payouts"]),
                        ("scopes__len__gt", 0),
                    ),
                    models.Q(("kind__in", ["publishable", "postback"]), ("scopes__len", 0)),
                    _connector="OR",
                ),
                name="accounts_apikey_scopes",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "publishable"), ("origins__len__gt", 0)),
                    models.Q(
                        models.Q(("kind", "publishable"), _negated=True),
                        ("is_trusted", False),
                        ("origins__len", 0),
                    ),
                    _connector="OR",
                ),
                name="accounts_apikey_origins",
            ),
        ),
    ]
