"""List orders, refunds, codes, links and clicks, the newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets orders come in meanwhile

    dependencies = [("tracking", "0013_order_numbers")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["brand", "-received_at", "-id"], name="tracking_order_received"
            ),
        ),
        AddIndexConcurrently(
            model_name="refund",
            index=models.Index(
                fields=["brand", "-received_at", "-id"], name="tracking_refund_received"
            ),
        ),
        AddIndexConcurrently(
            model_name="promocode",
            index=models.Index(fields=["brand", "-created_at", "-id"], name="tracking_code_new"),
        ),
        AddIndexConcurrently(
            model_name="trackinglink",
            index=models.Index(fields=["brand", "-created_at", "-id"], name="tracking_link_new"),
        ),
        AddIndexConcurrently(
            model_name="click",
            index=models.Index(fields=["brand", "-clicked_at", "-id"], name="tracking_click_new"),
        ),
    ]
