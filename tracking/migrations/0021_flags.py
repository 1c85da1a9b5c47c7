"""Flags: sales that staff should look at, and the checks that raise them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_flag_events"),
        ("affiliates", "0003_newest_first"),
        ("offers", "0008_newest_first"),
        ("tracking", "0020_links_changed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Flag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("self_purchase", "Own purchase"),
                            ("paid_search", "Paid search"),
                            ("coupon_site", "Coupon site"),
                            ("code_surge", "Code without clicks"),
                            ("fast_order", "Seconds after the click"),
                            ("same_customer", "Same customer"),
                            ("shared_account", "Shared payout account"),
                            ("velocity", "Unusual number of sales"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("cleared", "Cleared"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("evidence", models.JSONField()),
                ("raised_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="FlagCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("click", "Waiting for its click"),
                            ("failed", "Failed, to be tried again"),
                        ],
                        db_default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("tries", models.PositiveSmallIntegerField(db_default=0)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="FlagCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_folded", models.BooleanField(db_default=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("self_purchase", "Own purchase"),
                            ("paid_search", "Paid search"),
                            ("coupon_site", "Coupon site"),
                            ("code_surge", "Code without clicks"),
                            ("fast_order", "Seconds after the click"),
                            ("same_customer", "Same customer"),
                            ("shared_account", "Shared payout account"),
                            ("velocity", "Unusual number of sales"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("cleared", "Cleared"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                ("flags", models.BigIntegerField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="FlagHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=14),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="FlagSettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "off_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("self_purchase", "Own purchase"),
                                ("paid_search", "Paid search"),
                                ("coupon_site", "Coupon site"),
                                ("code_surge", "Code without clicks"),
                                ("fast_order", "Seconds after the click"),
                                ("same_customer", "Same customer"),
                                ("shared_account", "Shared payout account"),
                                ("velocity", "Unusual number of sales"),
                            ],
                            max_length=14,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "coupon_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="LeakedCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("replaced", "Replaced"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("evidence", models.JSONField()),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="conversion",
            name="is_held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="order",
            name="customer_digest",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="order",
            name="referrer_host",
            field=models.CharField(blank=True, db_default="", default="", max_length=253),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_check_new",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_flagcheck (brand_id, conversion_id)\nSELECT brand_id, id FROM added;\nRETURN NULL;\n",
                    hash="93e3f5cce603846954cec59aecc2660d296232f4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_conversion_check_new_7f060",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversion",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_conversion_check",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_flagcheck (brand_id, conversion_id)\nSELECT added.brand_id, added.id\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id\nWHERE (added.status = 'rejected') <> (removed.status = 'rejected');\nRETURN NULL;\n",
                    hash="40bfa3796da12535f3c966edf267c2b771414f85",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_conversion_check_18f95",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_conversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_order_flag_check",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_flagcheck (brand_id, conversion_id)\nSELECT conversion.brand_id, conversion.id\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id\nJOIN tracking_conversion conversion\n  ON conversion.brand_id = added.brand_id AND conversion.order_id = added.id\nWHERE (added.customer_ref, added.customer_digest, added.referrer_host, added.click_id)\n  IS DISTINCT FROM\n  (removed.customer_ref, removed.customer_digest, removed.referrer_host, removed.click_id);\nRETURN NULL;\n",
                    hash="241ab8e149033d2a67a1cfedce463cd5e89c2429",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_order_flag_check_bd040",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_order",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="conversion",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracking.conversion",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="enrollment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="offers.enrollment",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="affiliates.member",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="offer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="offers.offer",
            ),
        ),
        migrations.AddField(
            model_name="flagcheck",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="flagcheck",
            name="conversion",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracking.conversion",
            ),
        ),
        migrations.AddField(
            model_name="flagcount",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="flaghold",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="flaghold",
            name="offer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="offers.offer",
            ),
        ),
        migrations.AddField(
            model_name="flagsettings",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="leakedcode",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="leakedcode",
            name="promo_code",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracking.promocode",
            ),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["brand", "-raised_at", "-id"], name="tracking_flag_new"),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["brand", "-raised_at", "-id"],
                name="tracking_flag_open",
            ),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(
                fields=["brand", "member", "-raised_at"], name="tracking_flag_member"
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(fields=("brand", "id"), name="tracking_flag_tenant"),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(
                fields=("brand", "conversion", "kind"), name="tracking_flag_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["cleared", "rejected"]),
                        ("decided_at__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state__in", ["cleared", "rejected"]), _negated=True),
                        ("decided_at", None),
                    ),
                    _connector="OR",
                ),
                name="tracking_flag_decision",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="flag",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_flagcount_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_flagcount (brand_id, kind, state, flags)\nSELECT moved.brand_id, moved.kind, moved.state, sum(moved.sign * 1)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved \nGROUP BY moved.brand_id, moved.kind, moved.state HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="0cc6b069b19f56938a7c501cf3232c2bced0872d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_flagcount_insert_372c5",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_flag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="flag",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_flagcount_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_flagcount (brand_id, kind, state, flags)\nSELECT moved.brand_id, moved.kind, moved.state, sum(moved.sign * 1)::bigint\nFROM (SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.kind, moved.state HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="7a44ba05395e2e692008988bb7ab5a8e3114bec8",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_flagcount_update_2ed44",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_flag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="flag",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_flagcount_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_flagcount (brand_id, kind, state, flags)\nSELECT moved.brand_id, moved.kind, moved.state, sum(moved.sign * 1)::bigint\nFROM (SELECT -1 AS sign, * FROM removed) AS moved \nGROUP BY moved.brand_id, moved.kind, moved.state HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="c20c384481175e06d465656c3b0701f30766c002",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tracking_flagcount_delete_304ae",
                    referencing="REFERENCING OLD TABLE AS removed ",
                    table="tracking_flag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="flag",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_flag_raised",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), 'flag.raised', 'flag:' || added.id, jsonb_build_object('conversion', added.conversion_id, 'enrollment', added.enrollment_id, 'kind', added.kind, 'state', added.state)\nFROM added  WHERE true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="8745ea92870083dc6b5c9e1e3788be54fd21e74a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_flag_raised_97790",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_flag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="flag",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_flag_decided",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)\nSELECT added.brand_id, now(), CASE added.state WHEN 'open' THEN 'flag.raised' ELSE 'flag.decided' END, 'flag:' || added.id, jsonb_build_object('conversion', added.conversion_id, 'enrollment', added.enrollment_id, 'kind', added.kind, 'state', added.state)\nFROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id WHERE (added.state IS DISTINCT FROM removed.state) AND true ORDER BY added.id;\nRETURN NULL;\n",
                    hash="6f66d9bf06a0d3cda0d1cbc616e8fe59585a7747",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tracking_flag_decided_68a19",
                    referencing="REFERENCING OLD TABLE AS removed  NEW TABLE AS added ",
                    table="tracking_flag",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="flagcheck",
            index=models.Index(fields=["brand", "due_at"], name="tracking_check_due"),
        ),
        migrations.AddConstraint(
            model_name="flagcheck",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_flagcheck_tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="flagcount",
            index=models.Index(
                condition=models.Q(("is_folded", False)),
                fields=["brand"],
                name="tracking_flagcount_new",
            ),
        ),
        migrations.AddIndex(
            model_name="flagcount",
            index=models.Index(fields=["brand", "kind", "state"], name="tracking_flagcount_kind"),
        ),
        migrations.AddConstraint(
            model_name="flagcount",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_flagcount_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="flaghold",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_flaghold_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="flaghold",
            constraint=models.UniqueConstraint(
                fields=("brand", "offer"), name="tracking_flaghold_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="flagsettings",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_flagsettings_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="flagsettings",
            constraint=models.UniqueConstraint(
                fields=("brand",), name="tracking_flagsettings_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="leakedcode",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_leakedcode_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="leakedcode",
            constraint=models.UniqueConstraint(
                fields=("brand", "promo_code"), name="tracking_leak_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="leakedcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="tracking_leak_decision",
            ),
        ),
        AddTenantForeignKey("flag", "conversion"),
        AddTenantForeignKey("flag", "enrollment"),
        AddTenantForeignKey("flag", "offer"),
        AddTenantForeignKey("flag", "member"),
        AddTenantForeignKey("flagcheck", "conversion"),
        AddTenantForeignKey("flaghold", "offer"),
        AddTenantForeignKey("leakedcode", "promo_code"),
    ]
