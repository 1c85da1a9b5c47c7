"""List ended codes and links, and conversions of a member, by evidence and rejected, by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built concurrently lets orders come in meanwhile

    dependencies = [("tracking", "0022_flags_of_a_day")]

    operations = [
        AddIndexConcurrently(
            model_name="promocode",
            index=models.Index(
                fields=["brand", "-created_at", "-id"],
                name="tracking_code_ended",
                condition=models.Q(("status", "inactive")),
            ),
        ),
        AddIndexConcurrently(
            model_name="trackinglink",
            index=models.Index(
                fields=["brand", "-created_at", "-id"],
                name="tracking_link_ended",
                condition=models.Q(("status", "inactive")),
            ),
        ),
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(
                fields=["brand", "-occurred_at", "-id"],
                name="tracking_conversion_rejected",
                condition=models.Q(("status", "rejected")),
            ),
        ),
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(
                fields=["brand", "member", "-occurred_at", "-id"],
                name="tracking_conversion_member",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(
                fields=["brand", "evidence", "-occurred_at", "-id"],
                name="tracking_conversion_evidence",
            ),
        ),
    ]
