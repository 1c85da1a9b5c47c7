from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Reverse, Upper


class Migration(migrations.Migration):
    atomic = False  # orders go on coming in while the indexes are built

    dependencies = [
        ("accounts", "0003_newest_first"),
        ("affiliates", "0001_initial"),
        ("offers", "0001_initial"),
        ("tracking", "0002_kept_sums"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(fields=["brand", "-sale_minor", "-id"], name="tracking_by_sale"),
        ),
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(
                fields=["brand", "-refunded_minor", "-id"], name="tracking_by_refunded"
            ),
        ),
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(
                fields=["brand", "-commission_minor", "-id"], name="tracking_by_commission"
            ),
        ),
        AddIndexConcurrently(
            model_name="monthtotal",
            index=models.Index(fields=["brand", "month"], name="tracking_month_all"),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                models.F("brand"), Collate(Upper("external_id"), "C"), name="tracking_order_number"
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                models.F("brand"),
                Collate(Reverse(Upper("external_id")), "C"),
                name="tracking_order_number_end",
            ),
        ),
    ]
