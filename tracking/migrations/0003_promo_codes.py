"""An order may have several promo codes."""

import django.contrib.postgres.fields
from django.db import migrations, models

KEEP = "UPDATE tracking_order SET promo_codes = ARRAY[promo_code] WHERE promo_code <> ''"
BACK = "UPDATE tracking_order SET promo_code = coalesce(promo_codes[1], '')"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_outbox")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="promo_codes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60), blank=True, default=list, size=None
            ),
        ),
        migrations.RunSQL(KEEP, reverse_sql=BACK),
        migrations.RemoveField(model_name="order", name="promo_code"),
    ]
