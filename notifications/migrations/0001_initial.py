"""Every table of notifications: templates, campaigns, messages, suppression."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmailTemplate",
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("sales_tracking_items", "Sales Tracking Items"),
                            ("email_members", "Email Members"),
                            ("question_answered", "Answer to a question"),
                            ("terms_changed", "New terms"),
                            ("test", "Test mail"),
                        ],
                        max_length=30,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("subject", models.CharField(max_length=300)),
                ("body", models.TextField()),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="notifications_emailtemplate_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "purpose", "name"), name="notifications_template_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("sales_tracking_items", "Sales Tracking Items"),
                            ("email_members", "Email Members"),
                            ("question_answered", "Answer to a question"),
                            ("terms_changed", "New terms"),
                            ("test", "Test mail"),
                        ],
                        max_length=30,
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("subject", models.CharField(max_length=300)),
                ("body", models.TextField()),
                ("html", models.TextField()),
                ("text", models.TextField()),
                ("from_name", models.CharField(max_length=120)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                ("confirmation", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "Sending"),
                            ("paused", "Paused"),
                            ("cancelled", "Cancelled"),
                            ("done", "Done"),
                        ],
                        default="sending",
                        max_length=10,
                    ),
                ),
                ("recipients", models.PositiveIntegerField()),
                ("confirmed_by", models.CharField(max_length=200)),
                ("confirmed_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("queue_token", models.UUIDField(editable=False, null=True)),
                ("enqueued_at", models.DateTimeField(editable=False, null=True)),
                ("served_at", models.DateTimeField(editable=False, null=True)),
                ("waits_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "sending")),
                        fields=["enqueued_at"],
                        name="notifications_campaign_live",
                    ),
                    models.Index(
                        fields=["brand", "-confirmed_at"], name="notifications_campaign_new"
                    ),
                    models.Index(fields=["brand", "about"], name="notifications_campaign_about"),
                    models.Index(
                        fields=["brand", "-served_at"], name="notifications_campaign_served"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="notifications_campaign_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "confirmation"),
                        name="notifications_campaign_confirmed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
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
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.campaign",
                    ),
                ),
                ("recipient", models.CharField(max_length=60)),
                ("about", models.CharField(blank=True, max_length=60)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("sales_tracking_items", "Sales Tracking Items"),
                            ("email_members", "Email Members"),
                            ("question_answered", "Answer to a question"),
                            ("terms_changed", "New terms"),
                            ("test", "Test mail"),
                        ],
                        max_length=30,
                    ),
                ),
                ("to_address", models.EmailField(max_length=254)),
                ("to_name", models.CharField(blank=True, max_length=200)),
                ("values", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("submitting", "Being sent"),
                            ("retry", "Will be tried again"),
                            ("accepted", "Accepted"),
                            ("delivered", "Delivered"),
                            ("bounced", "Bounced"),
                            ("failed", "Failed"),
                            ("suppressed", "Suppressed"),
                            ("cancelled", "Cancelled"),
                            ("unknown", "Unknown"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                ("settled_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("clicked_at", models.DateTimeField(null=True)),
                ("complained_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["pending", "retry", "submitting"])),
                        fields=["brand", "campaign", "due_at", "id"],
                        name="notifications_message_due",
                    ),
                    models.Index(
                        fields=["brand", "campaign", "state"], name="notifications_message_state"
                    ),
                    models.Index(
                        fields=["brand", "about", "-id"], name="notifications_message_about"
                    ),
                    models.Index(
                        fields=["brand", "recipient", "-id"], name="notifications_message_who"
                    ),
                    models.Index(
                        condition=models.Q(("lease_until__isnull", False)),
                        fields=["brand", "campaign", "lease_until"],
                        name="notifications_message_held",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["failed", "unknown"])),
                        fields=["settled_at", "state"],
                        name="notifications_message_lost",
                    ),
                    models.Index(fields=["public_id"], name="notifications_message_public"),
                    models.Index(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=["provider_id"],
                        name="notifications_message_provider",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="notifications_message_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        models.F("campaign"),
                        django.db.models.functions.text.Lower("to_address"),
                        name="notifications_message_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderEvent",
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
                ("provider", models.CharField(max_length=30)),
                ("event_id", models.CharField(max_length=200)),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.message",
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("at", models.DateTimeField()),
                ("detail", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "message", "at"], name="notifications_event_message"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="notifications_providerevent_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "provider", "event_id"), name="notifications_event_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SendingAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("paid_until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
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
                ("address", models.EmailField(max_length=254)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribed", "Unsubscribed"),
                            ("bounced", "Bounced"),
                            ("complained", "Complained"),
                            ("by_staff", "By staff"),
                            ("deleted", "Asked to be deleted"),
                        ],
                        max_length=20,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="notifications_suppression_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        django.db.models.functions.text.Lower("address"),
                        name="notifications_suppression_once",
                    ),
                ],
            },
        ),
        AddTenantForeignKey("message", "campaign"),
        AddTenantForeignKey("providerevent", "message"),
    ]
