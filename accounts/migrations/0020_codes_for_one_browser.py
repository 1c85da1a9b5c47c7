"""A code belongs to the browser that asked for it, is derived, and is mailed after the answer.

The codes that are there are ten minutes old at the most and lack all that: they are deleted, and
whoever waits for one asks again.
"""

from django.db import migrations, models

UNSETTLED = ("waiting", "mailing")
MAILED = ("mailing", "mailed", "failed")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_proven_identity"),
    ]

    operations = [
        migrations.RunSQL("DELETE FROM accounts_mailedcode", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="CodeCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("whom", models.CharField(max_length=64)),
                ("since", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["since"], name="accounts_codecount_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "whom", "since"), name="accounts_codecount_once"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="mailedcode", name="accounts_code_one_live"),
        migrations.RemoveIndex(model_name="mailedcode", name="accounts_code_address"),
        migrations.RemoveIndex(model_name="mailedcode", name="accounts_code_client"),
        migrations.RemoveField(model_name="mailedcode", name="client"),
        migrations.RemoveField(model_name="mailedcode", name="digest"),
        migrations.AddField(
            model_name="mailedcode",
            name="browser",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="mailedcode",
            name="language",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="mailedcode",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting to be mailed"),
                    ("nobody", "Not mailed: nobody has this address"),
                    ("mailing", "Being handed to the mail server"),
                    ("mailed", "Taken by the mail server"),
                    ("failed", "Not taken by the mail server"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="mailedcode",
            name="mail_due_at",
            field=models.DateTimeField(default="2000-01-01T00:00Z"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="mailedcode",
            name="mail_tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="mailedcode",
            index=models.Index(fields=["address"], name="accounts_code_address"),
        ),
        migrations.AddIndex(
            model_name="mailedcode",
            index=models.Index(
                condition=models.Q(state__in=UNSETTLED, ended_at=None),
                fields=["mail_due_at"],
                name="accounts_code_to_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailedcode",
            constraint=models.UniqueConstraint(
                condition=models.Q(ended_at=None),
                fields=("browser", "purpose"),
                name="accounts_code_one_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailedcode",
            constraint=models.CheckConstraint(
                condition=models.Q(proven_at=None) | models.Q(state__in=MAILED),
                name="accounts_code_mailed_first",
            ),
        ),
    ]
