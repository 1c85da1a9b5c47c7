"""Raising and deciding flags are events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_clicks_deleted"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outboxentry",
            name="event",
            field=models.CharField(
                choices=[
                    ("balance.adjusted", "A member's balance was adjusted"),
                    ("clicks.credited", "A day's clicks earned something, or something else"),
                    ("conversion.changed", "A conversion's state or amounts changed"),
                    ("conversion.recorded", "An order was credited to a member"),
                    ("flag.decided", "A flag was cleared, rejected or withdrawn"),
                    ("flag.raised", "A sale was flagged for staff to look at"),
                    ("member.joined", "A member joined an offer"),
                    ("member.left", "A member stopped counting in an offer"),
                    ("order.recorded", "An order was recorded"),
                    ("order.refunded", "A refund was applied to an order, changed or undone"),
                    ("order.revised", "A shop stated an order anew"),
                    ("payout.changed", "A payment was made or its state changed"),
                    ("payout_run.changed", "A payout run's state changed"),
                    ("terms.changed", "An offer got another version of its terms"),
                    ("terms.withdrawn", "Terms were withdrawn before they began"),
                ],
                max_length=40,
            ),
        ),
    ]
