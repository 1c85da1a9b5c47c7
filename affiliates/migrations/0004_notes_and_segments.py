"""Notes about members, and filters of members with a name."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0003_newest_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="MemberNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=2000)),
                ("written_by", models.CharField(max_length=200)),
                ("written_at", models.DateTimeField()),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "member", "-written_at", "-id"],
                        name="affiliates_member_notes",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="affiliates_membernote_tenant"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text__regex", "\\S")),
                        name="affiliates_member_note_written",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("query", models.CharField(max_length=1000)),
                ("made_by", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="affiliates_segment_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        django.db.models.functions.text.Lower("name"),
                        name="affiliates_segment_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name__regex", "\\S"), models.Q(("query", ""), _negated=True)
                        ),
                        name="affiliates_segment_written",
                    ),
                ],
            },
        ),
        AddTenantForeignKey("membernote", "member"),
    ]
