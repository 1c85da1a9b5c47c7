"""Every table of background: long work, its files and its problems."""

import django.db.models.deletion
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Work",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.brand",
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("kind", models.CharField(max_length=30)),
                ("title", models.CharField(max_length=200)),
                ("about", models.CharField(max_length=60)),
                ("parameters", models.JSONField(default=dict)),
                ("confirmation", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("problems", models.PositiveIntegerField(default=0)),
                ("cursor", models.BigIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("filename", models.CharField(blank=True, max_length=120)),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("enqueued_at", models.DateTimeField(editable=False, null=True)),
                ("files_gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "-asked_at"], name="background_work_new"),
                    models.Index(
                        fields=["brand", "about", "-asked_at"], name="background_work_about"
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["enqueued_at"],
                        name="background_work_live",
                    ),
                    models.Index(
                        condition=models.Q(("files_gone_at", None), ("finished_at__isnull", False)),
                        fields=["finished_at"],
                        name="background_work_files",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="background_work_tenant"),
                    models.UniqueConstraint(
                        fields=("brand", "confirmation"), name="background_work_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                    "work",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="background.work",
                    ),
                ),
                (
                    "file",
                    models.CharField(
                        choices=[("given", "What it was given"), ("made", "What it made")],
                        max_length=5,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="background_workchunk_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "work", "file", "number"), name="background_chunk_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkProblem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                    "work",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="background.work",
                    ),
                ),
                ("line", models.PositiveIntegerField(null=True)),
                ("subject", models.CharField(max_length=200)),
                ("message", models.CharField(max_length=500)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "work", "id"], name="background_problem_work")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="background_workproblem_tenant"
                    )
                ],
            },
        ),
        AddTenantForeignKey("workchunk", "work"),
        AddTenantForeignKey("workproblem", "work"),
    ]
