"""How long a customer is remembered: a year, unless the offer says otherwise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offers", "0002_outbox")]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="customer_window_days",
            field=models.PositiveSmallIntegerField(db_default=365, default=365),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("customer_window_days__gte", 1), ("customer_window_days__lte", 3650)
                ),
                name="offers_offer_customer_window",
            ),
        ),
    ]
