"""The purposes of mails that tell a member what happened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_test_mode"),
    ]

    operations = [
        migrations.AlterField(
            model_name="campaign",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("sales_tracking_items", "Sales Tracking Items"),
                    ("email_members", "Email Members"),
                    ("question_answered", "Answer to a question"),
                    ("terms_changed", "New terms"),
                    ("welcome", "Welcome"),
                    ("sales", "Sales"),
                    ("payment_sent", "Payment sent"),
                    ("details_needed", "Payout details needed"),
                    ("payment_failed", "Payment failed"),
                    ("month", "Month in figures"),
                    ("test", "Test mail"),
                ],
                max_length=30,
            ),
        ),
        migrations.AlterField(
            model_name="emailtemplate",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("sales_tracking_items", "Sales Tracking Items"),
                    ("email_members", "Email Members"),
                    ("question_answered", "Answer to a question"),
                    ("terms_changed", "New terms"),
                    ("welcome", "Welcome"),
                    ("sales", "Sales"),
                    ("payment_sent", "Payment sent"),
                    ("details_needed", "Payout details needed"),
                    ("payment_failed", "Payment failed"),
                    ("month", "Month in figures"),
                    ("test", "Test mail"),
                ],
                max_length=30,
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("sales_tracking_items", "Sales Tracking Items"),
                    ("email_members", "Email Members"),
                    ("question_answered", "Answer to a question"),
                    ("terms_changed", "New terms"),
                    ("welcome", "Welcome"),
                    ("sales", "Sales"),
                    ("payment_sent", "Payment sent"),
                    ("details_needed", "Payout details needed"),
                    ("payment_failed", "Payment failed"),
                    ("month", "Month in figures"),
                    ("test", "Test mail"),
                ],
                max_length=30,
            ),
        ),
    ]
