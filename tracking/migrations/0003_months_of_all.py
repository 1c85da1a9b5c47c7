from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # orders go on coming in while the index is built

    dependencies = [
        ("tracking", "0002_kept_sums"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="monthtotal",
            index=models.Index(fields=["brand", "month"], name="tracking_month_all"),
        ),
    ]
