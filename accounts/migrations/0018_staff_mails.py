"""The mails about a brand that its staff chose."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_postal_address"),
    ]

    operations = [
        migrations.AddField(
            model_name="staff",
            name="digest",
            field=models.CharField(
                choices=[
                    ("never", "Never"),
                    ("daily", "Once a day, if something waits"),
                    ("at_once", "As soon as something new waits"),
                ],
                default="never",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="staff",
            name="digest_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="staff",
            name="digest_counts",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="staff",
            name="report",
            field=models.CharField(
                choices=[
                    ("never", "Never"),
                    ("week", "Every Monday"),
                    ("month", "On the first day of the month"),
                ],
                default="never",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="staff",
            name="report_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="staff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("digest", "never"), ("digest_at__isnull", False), _connector="OR"
                ),
                name="accounts_staff_digest_since",
            ),
        ),
        migrations.AddConstraint(
            model_name="staff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("report", "never"), ("report_at__isnull", False), _connector="OR"
                ),
                name="accounts_staff_report_since",
            ),
        ),
    ]
