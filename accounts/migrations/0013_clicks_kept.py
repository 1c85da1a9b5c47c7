"""How many months a brand keeps its clicks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_link_hosts")]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="clicks_kept_months",
            field=models.PositiveSmallIntegerField(db_default=13, default=13),
        ),
        migrations.AddConstraint(
            model_name="brand",
            constraint=models.CheckConstraint(
                condition=models.Q(clicks_kept_months__range=(1, 120)),
                name="accounts_brand_clicks_kept",
            ),
        ),
    ]
