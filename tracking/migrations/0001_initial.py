"""Every table of tracking: orders, conversions, clicks, codes, links, questions, kept totals."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey, AddTenantReference


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("affiliates", "0001_initial"),
        ("offers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
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
                ("source", models.CharField(max_length=60)),
                ("external_id", models.CharField(max_length=120)),
                ("ordered_at", models.DateTimeField()),
                ("currency", models.CharField(max_length=3)),
                ("total_minor", models.BigIntegerField()),
                ("customer_ref", models.CharField(blank=True, max_length=120)),
                ("promo_code", models.CharField(blank=True, max_length=60)),
                ("click_id", models.CharField(blank=True, max_length=120)),
                ("customer_is_new", models.BooleanField(null=True)),
                ("digest", models.CharField(max_length=64)),
                ("unattributed", models.CharField(blank=True, max_length=200)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("customer_ref", ""), _negated=True),
                        fields=["brand", "customer_ref", "-ordered_at"],
                        name="tracking_order_customer",
                    ),
                    models.Index(
                        models.F("brand"),
                        django.db.models.functions.comparison.Collate(
                            django.db.models.functions.text.Upper("external_id"), "C"
                        ),
                        name="tracking_order_number",
                    ),
                    models.Index(
                        models.F("brand"),
                        django.db.models.functions.comparison.Collate(
                            django.db.models.functions.text.Reverse(
                                django.db.models.functions.text.Upper("external_id")
                            ),
                            "C",
                        ),
                        name="tracking_order_number_end",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="tracking_order_tenant"),
                    models.UniqueConstraint(
                        fields=("brand", "source", "external_id"), name="tracking_order_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
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
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.order",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("sku", models.CharField(max_length=120)),
                ("product", models.CharField(blank=True, max_length=300)),
                (
                    "collections",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("quantity", models.PositiveIntegerField()),
                ("net_minor", models.BigIntegerField()),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_orderline_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "order", "position"), name="tracking_line_position"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("net_minor__gte", 0), ("quantity__gt", 0)),
                        name="tracking_line_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
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
                ("source", models.CharField(max_length=60)),
                ("external_id", models.CharField(max_length=120)),
                ("order_external_id", models.CharField(max_length=120)),
                (
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.order",
                    ),
                ),
                ("sku", models.CharField(max_length=120)),
                ("quantity", models.PositiveIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("refunded_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("parked", "Waiting for its order"),
                            ("applied", "Applied"),
                            ("refused", "Refused"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("digest", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "order"], name="tracking_refund_order"),
                    models.Index(
                        condition=models.Q(("state", "parked")),
                        fields=["brand", "source", "order_external_id"],
                        name="tracking_refund_parked",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="tracking_refund_tenant"),
                    models.UniqueConstraint(
                        fields=("brand", "source", "external_id"), name="tracking_refund_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0), ("quantity__gt", 0)),
                        name="tracking_refund_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("order", None), ("state", "applied"), _negated=True),
                        name="tracking_refund_has_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Conversion",
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
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.order",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
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
                (
                    "terms",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.terms",
                    ),
                ),
                ("tier", models.PositiveSmallIntegerField(default=0)),
                ("promo_code", models.CharField(blank=True, max_length=60)),
                ("customer", models.CharField(blank=True, max_length=9)),
                ("left_under_cap_minor", models.BigIntegerField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("code", "Promo code"),
                            ("click", "Tracking link"),
                            ("customer", "Remembered customer"),
                            ("by_hand", "Added by hand"),
                        ],
                        max_length=8,
                    ),
                ),
                ("why", models.CharField(max_length=300)),
                ("claims", models.JSONField(default=list)),
                ("occurred_at", models.DateTimeField()),
                ("payable_at", models.DateTimeField()),
                ("currency", models.CharField(max_length=3)),
                ("sale_minor", models.BigIntegerField()),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("commission_minor", models.BigIntegerField(default=0)),
                ("earnable_minor", models.BigIntegerField(default=0)),
                ("explanation", models.JSONField(default=list)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "-occurred_at", "-id"], name="tracking_conversion_new"
                    ),
                    models.Index(
                        fields=["brand", "enrollment", "-occurred_at", "-id"],
                        name="tracking_conversion_who",
                    ),
                    models.Index(
                        fields=["brand", "offer", "-occurred_at", "-id"],
                        name="tracking_conversion_offer",
                    ),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["brand", "-occurred_at"],
                        name="tracking_conversion_pending",
                    ),
                    models.Index(fields=["brand", "-sale_minor", "-id"], name="tracking_by_sale"),
                    models.Index(
                        fields=["brand", "-refunded_minor", "-id"], name="tracking_by_refunded"
                    ),
                    models.Index(
                        fields=["brand", "-commission_minor", "-id"], name="tracking_by_commission"
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "rejected"])),
                        fields=["brand", "enrollment", "status", "-occurred_at", "-id"],
                        name="tracking_conversion_few",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_conversion_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "order"), name="tracking_conversion_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("commission_minor__gte", 0),
                            ("earnable_minor__gte", models.F("commission_minor")),
                            ("refunded_minor__gte", 0),
                            ("sale_minor__gte", models.F("refunded_minor")),
                        ),
                        name="tracking_conversion_amounts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConversionCount",
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
                ("is_folded", models.BooleanField(db_default=False)),
                (
                    "offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=8,
                    ),
                ),
                ("conversions", models.BigIntegerField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="tracking_conversioncount_new",
                    ),
                    models.Index(fields=["brand", "offer", "status"], name="tracking_count_status"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_conversioncount_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClickEarning",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("day", models.DateField()),
                (
                    "terms",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.terms",
                    ),
                ),
                ("clicks", models.PositiveIntegerField()),
                ("amount_minor", models.BigIntegerField()),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_clickearning_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "enrollment", "day", "terms"),
                        name="tracking_clickearning_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyTotal",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("day", models.DateField()),
                ("clicks", models.IntegerField(default=0)),
                ("conversions", models.IntegerField(default=0)),
                ("pending", models.IntegerField(default=0)),
                ("sales_minor", models.BigIntegerField(default=0)),
                ("refunds_minor", models.BigIntegerField(default=0)),
                ("commission_minor", models.BigIntegerField(default=0)),
                ("changes", models.IntegerField(db_default=1)),
                ("pending_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["brand", "day"], name="tracking_daily_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_dailytotal_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "enrollment", "day"), name="tracking_daily_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferDay",
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
                ("is_folded", models.BooleanField(db_default=False)),
                ("clicks", models.BigIntegerField(default=0)),
                ("conversions", models.BigIntegerField(default=0)),
                ("pending", models.BigIntegerField(default=0)),
                ("sales_minor", models.BigIntegerField(default=0)),
                ("refunds_minor", models.BigIntegerField(default=0)),
                ("commission_minor", models.BigIntegerField(default=0)),
                ("pending_minor", models.BigIntegerField(default=0)),
                (
                    "offer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.offer",
                    ),
                ),
                ("day", models.DateField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="tracking_offerday_new",
                    ),
                    models.Index(fields=["brand", "offer", "day"], name="tracking_offerday_days"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="tracking_offerday_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthTotal",
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
                ("is_folded", models.BooleanField(db_default=False)),
                ("clicks", models.BigIntegerField(default=0)),
                ("conversions", models.BigIntegerField(default=0)),
                ("pending", models.BigIntegerField(default=0)),
                ("sales_minor", models.BigIntegerField(default=0)),
                ("refunds_minor", models.BigIntegerField(default=0)),
                ("commission_minor", models.BigIntegerField(default=0)),
                ("pending_minor", models.BigIntegerField(default=0)),
                (
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("month", models.DateField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="tracking_monthtotal_new",
                    ),
                    models.Index(
                        fields=["brand", "enrollment", "month"], name="tracking_month_who"
                    ),
                    models.Index(fields=["brand", "month"], name="tracking_month_all"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_monthtotal_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SoldSpan",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("first_day", models.DateField(null=True)),
                ("last_day", models.DateField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_soldspan_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "enrollment"), name="tracking_soldspan_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PromoCode",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("code", models.CharField(max_length=60)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("inactive", "Inactive")],
                        default="active",
                        max_length=8,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("deactivated_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "enrollment"], name="tracking_code_enrollment")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_promocode_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        django.db.models.functions.text.Upper("code"),
                        name="tracking_code_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "active")),
                        fields=("brand", "enrollment"),
                        name="tracking_code_one_active",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackingLink",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("slug", models.CharField(max_length=40, unique=True)),
                ("destination_url", models.URLField(blank=True, max_length=2000)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("inactive", "Inactive")],
                        default="active",
                        max_length=8,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("deactivated_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "enrollment"], name="tracking_link_enrollment")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_trackinglink_tenant"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("destination_url", ""), ("status", "active")),
                        fields=("brand", "enrollment"),
                        name="tracking_link_one_active",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Click",
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
                    "link",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.trackinglink",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("click_id", models.CharField(max_length=80)),
                ("clicked_at", models.DateTimeField()),
                ("counted", models.BooleanField()),
                ("user_agent", models.CharField(blank=True, max_length=300)),
                ("referrer_host", models.CharField(blank=True, max_length=253)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "enrollment", "-clicked_at"], name="tracking_click_who"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="tracking_click_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="Question",
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
                    "enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offers.enrollment",
                    ),
                ),
                ("order_reference", models.CharField(max_length=120)),
                ("ordered_on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=500)),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting"),
                            ("attributed", "Sale added"),
                            ("explained", "Explained"),
                            ("refused", "Refused"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=1000)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "conversion",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tracking.conversion",
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["brand", "-asked_at", "-id"], name="tracking_question_new"
                    ),
                    models.Index(
                        fields=["brand", "enrollment", "-asked_at"], name="tracking_question_who"
                    ),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["brand", "asked_at"],
                        name="tracking_question_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="tracking_question_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        models.F("enrollment"),
                        django.db.models.functions.text.Upper("order_reference"),
                        condition=models.Q(("state", "open")),
                        name="tracking_question_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("state", "open")),
                            models.Q(
                                ("answered_at__isnull", False),
                                models.Q(("state", "open"), _negated=True),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="tracking_question_answered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("conversion__isnull", False), ("state", "attributed")),
                            models.Q(
                                models.Q(("state", "attributed"), _negated=True),
                                ("conversion", None),
                            ),
                            _connector="OR",
                        ),
                        name="tracking_question_attributed",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offerday_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offerday (brand_id, offer_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, clicks)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="11d4c62f3c89b0544d94e360ac3dc2d1069bf79e",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_offerday_insert_9520b",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offerday_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offerday (brand_id, offer_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, clicks)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="65cf262e5863897c7048f3c553d4cdb65b4c58ea",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_offerday_update_d1985",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_offerday_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_offerday (brand_id, offer_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, clicks)\nSELECT moved.brand_id, enrollment.offer_id, moved.day, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id AND enrollment.id = moved.enrollment_id\nGROUP BY moved.brand_id, enrollment.offer_id, moved.day HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="bf64f416d86361c52cc54ae2eccaea485cfd7f47",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_offerday_delete_62c3f",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_monthtotal_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, clicks)\nSELECT moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved \nGROUP BY moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="e2db4ff6a6d3ed2e6537df4d8f9ffd6083d15bbd",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_monthtotal_insert_2b0a6",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_monthtotal_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, clicks)\nSELECT moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="14d92550764f6b69e2d94ca1f1af81d8a9d3f731",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_monthtotal_update_ba3a8",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_monthtotal_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, conversions, pending, sales_minor, refunds_minor, commission_minor, pending_minor, clicks)\nSELECT moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date, sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.enrollment_id, date_trunc('month', moved.day)::date HAVING (sum(moved.sign * moved.conversions)::bigint, sum(moved.sign * moved.pending)::bigint, sum(moved.sign * moved.sales_minor)::bigint, sum(moved.sign * moved.refunds_minor)::bigint, sum(moved.sign * moved.commission_minor)::bigint, sum(moved.sign * moved.pending_minor)::bigint, sum(moved.sign * moved.clicks)::bigint) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0);\nRETURN NULL;\n",
                    hash="e11c23a3c3f277771128ea1135bab4d419226598",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_monthtotal_delete_530dd",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_soldspan_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM FROM (SELECT brand_id, enrollment_id FROM added WHERE conversions > 0) AS turned;\nIF NOT FOUND THEN RETURN NULL; END IF;\nINSERT INTO tracking_soldspan (brand_id, enrollment_id)\nSELECT DISTINCT brand_id, enrollment_id FROM (SELECT brand_id, enrollment_id FROM added WHERE conversions > 0) AS turned ORDER BY 1, 2\nON CONFLICT (brand_id, enrollment_id) DO NOTHING;\nPERFORM FROM tracking_soldspan span WHERE (brand_id, enrollment_id) IN (SELECT brand_id, enrollment_id FROM added WHERE conversions > 0)\nORDER BY brand_id, enrollment_id FOR NO KEY UPDATE;\nUPDATE tracking_soldspan span SET\n  first_day = (SELECT min(day) FROM tracking_dailytotal total WHERE conversions > 0\n    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id),\n  last_day = (SELECT max(day) FROM tracking_dailytotal total WHERE conversions > 0\n    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id)\nWHERE (brand_id, enrollment_id) IN (SELECT brand_id, enrollment_id FROM added WHERE conversions > 0);\nRETURN NULL;\n",
                    hash="334b7030065074d118f58010ee72374212c47af5",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_soldspan_insert_0b1c9",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_soldspan_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM FROM (\n      SELECT brand_id, enrollment_id FROM added JOIN removed USING (id, brand_id, enrollment_id)\n      WHERE (added.conversions > 0) <> (removed.conversions > 0)\n    ) AS turned;\nIF NOT FOUND THEN RETURN NULL; END IF;\nINSERT INTO tracking_soldspan (brand_id, enrollment_id)\nSELECT DISTINCT brand_id, enrollment_id FROM (\n      SELECT brand_id, enrollment_id FROM added JOIN removed USING (id, brand_id, enrollment_id)\n      WHERE (added.conversions > 0) <> (removed.conversions > 0)\n    ) AS turned ORDER BY 1, 2\nON CONFLICT (brand_id, enrollment_id) DO NOTHING;\nPERFORM FROM tracking_soldspan span WHERE (brand_id, enrollment_id) IN (\n      SELECT brand_id, enrollment_id FROM added JOIN removed USING (id, brand_id, enrollment_id)\n      WHERE (added.conversions > 0) <> (removed.conversions > 0)\n    )\nORDER BY brand_id, enrollment_id FOR NO KEY UPDATE;\nUPDATE tracking_soldspan span SET\n  first_day = (SELECT min(day) FROM tracking_dailytotal total WHERE conversions > 0\n    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id),\n  last_day = (SELECT max(day) FROM tracking_dailytotal total WHERE conversions > 0\n    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id)\nWHERE (brand_id, enrollment_id) IN (\n      SELECT brand_id, enrollment_id FROM added JOIN removed USING (id, brand_id, enrollment_id)\n      WHERE (added.conversions > 0) <> (removed.conversions > 0)\n    );\nRETURN NULL;\n",
                    hash="eac1e396c723510c8ca5d0a1352e54388005bdf1",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_soldspan_update_28e96",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailytotal",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_soldspan_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM FROM (SELECT brand_id, enrollment_id FROM removed WHERE conversions > 0) AS turned;\nIF NOT FOUND THEN RETURN NULL; END IF;\nINSERT INTO tracking_soldspan (brand_id, enrollment_id)\nSELECT DISTINCT brand_id, enrollment_id FROM (SELECT brand_id, enrollment_id FROM removed WHERE conversions > 0) AS turned ORDER BY 1, 2\nON CONFLICT (brand_id, enrollment_id) DO NOTHING;\nPERFORM FROM tracking_soldspan span WHERE (brand_id, enrollment_id) IN (SELECT brand_id, enrollment_id FROM removed WHERE conversions > 0)\nORDER BY brand_id, enrollment_id FOR NO KEY UPDATE;\nUPDATE tracking_soldspan span SET\n  first_day = (SELECT min(day) FROM tracking_dailytotal total WHERE conversions > 0\n    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id),\n  last_day = (SELECT max(day) FROM tracking_dailytotal total WHERE conversions > 0\n    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id)\nWHERE (brand_id, enrollment_id) IN (SELECT brand_id, enrollment_id FROM removed WHERE conversions > 0);\nRETURN NULL;\n",
                    hash="0cd15dded52bbc2300526f5b3e6100d20a6b46ca",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_soldspan_delete_7c41f",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_dailytotal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversioncount_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_conversioncount (brand_id, offer_id, status, conversions)\nSELECT moved.brand_id, moved.offer_id, moved.status, sum(moved.sign * 1)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved \nGROUP BY moved.brand_id, moved.offer_id, moved.status HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="0671543e464722376d5d73d9f1f32c8c2335e214",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_conversioncount_insert_385dd",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversioncount_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_conversioncount (brand_id, offer_id, status, conversions)\nSELECT moved.brand_id, moved.offer_id, moved.status, sum(moved.sign * 1)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.offer_id, moved.status HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="39ba23caa6d9e85d0886e38d198a570d02984b87",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_conversioncount_update_4f5ee",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversioncount_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_conversioncount (brand_id, offer_id, status, conversions)\nSELECT moved.brand_id, moved.offer_id, moved.status, sum(moved.sign * 1)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.offer_id, moved.status HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="4e56e2fa8db7fa1c68a536eb68b53a6d1fa0be5f",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_conversioncount_delete_98b38",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        AddTenantForeignKey("orderline", "order"),
        AddTenantForeignKey("refund", "order"),
        AddTenantForeignKey("conversion", "order"),
        AddTenantForeignKey("conversion", "enrollment"),
        AddTenantForeignKey("conversion", "offer"),
        AddTenantForeignKey("conversion", "member"),
        AddTenantForeignKey("conversion", "terms"),
        AddTenantForeignKey("conversioncount", "offer"),
        AddTenantForeignKey("clickearning", "enrollment"),
        AddTenantForeignKey("clickearning", "terms"),
        AddTenantForeignKey("dailytotal", "enrollment"),
        AddTenantForeignKey("offerday", "offer"),
        AddTenantForeignKey("monthtotal", "enrollment"),
        AddTenantForeignKey("soldspan", "enrollment"),
        AddTenantForeignKey("promocode", "enrollment"),
        AddTenantForeignKey("trackinglink", "enrollment"),
        AddTenantForeignKey("click", "link"),
        AddTenantForeignKey("click", "enrollment"),
        AddTenantForeignKey("question", "enrollment"),
        AddTenantForeignKey("question", "conversion"),
        AddTenantReference(
            table="payouts_ledgerentry",
            column="conversion_id",
            to_table="tracking_conversion",
        ),
        AddTenantReference(
            table="payouts_ledgerentry",
            column="click_earning_id",
            to_table="tracking_clickearning",
        ),
    ]
