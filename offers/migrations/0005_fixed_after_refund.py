"""Each version of the terms says what a refund leaves of an amount per conversion: all, as before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offers", "0004_withdrawn_terms")]

    operations = [
        migrations.AddField(
            model_name="terms",
            name="fixed_after_refund",
            field=models.CharField(
                choices=[("whole", "whole"), ("share", "share")],
                db_default="whole",
                default="whole",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="withdrawnterms",
            name="fixed_after_refund",
            field=models.CharField(
                choices=[("whole", "whole"), ("share", "share")],
                db_default="whole",
                default="whole",
                max_length=5,
            ),
        ),
    ]
