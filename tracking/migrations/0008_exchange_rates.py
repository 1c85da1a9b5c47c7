"""Orders in another currency than an offer's are credited by the rate of their day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_order_revised"),
        ("affiliates", "0001_initial"),
        ("offers", "0003_customer_window"),
        ("tracking", "0007_shares"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("to", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("rate", models.DecimalField(decimal_places=9, max_digits=18)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="conversion",
            name="rate",
            field=models.DecimalField(decimal_places=9, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name="conversion",
            name="rate_on",
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rate", None), ("rate_on", None)),
                    models.Q(("rate__gt", 0), ("rate_on__isnull", False)),
                    _connector="OR",
                ),
                name="tracking_conversion_rate",
            ),
        ),
        migrations.AddField(
            model_name="exchangerate",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_exchangerate_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.UniqueConstraint(
                fields=("brand", "currency", "to", "day"), name="tracking_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rate__gt", 0), models.Q(("currency", models.F("to")), _negated=True)
                ),
                name="tracking_rate_positive",
            ),
        ),
    ]
