"""Labels of links, every slug that a link has or had, and domains of brands for links."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.db import AddTenantForeignKey

# What looks alike made equal: hyphens are left out, then rn is m, vv is w, o is 0, l and i are 1.
FOLD = """
CREATE FUNCTION tracking_folded_slug(slug text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(
        replace(replace(replace(lower(slug), '-', ''), 'rn', 'm'), 'vv', 'w'), 'oli', '011'
    )
$$
"""
UNFOLD = "DROP FUNCTION tracking_folded_slug(text)"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_link_host"),
        ("tracking", "0016_click_sources"),
    ]

    operations = [
        migrations.RunSQL(FOLD, reverse_sql=UNFOLD),
        migrations.CreateModel(
            name="LinkDomain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=253)),
                ("proof", models.CharField(max_length=64)),
                ("is_main", models.BooleanField(default=False)),
                ("verified_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("next_check_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_checked", "Not checked yet"),
                            ("no_proof", "The TXT record is missing"),
                            ("wrong_proof", "The TXT record has another text"),
                            ("no_address", "The host does not exist in DNS"),
                            ("elsewhere", "The host leads to another server"),
                            ("taken", "Another brand uses the host"),
                        ],
                        default="not_checked",
                        max_length=11,
                    ),
                ),
                ("problem_since", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="LinkSlug",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=40, unique=True)),
                ("folded", models.CharField(blank=True, max_length=40)),
                ("given_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="trackinglink",
            name="label",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trackinglink",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_link_keeps_new_slug",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO tracking_linkslug (brand_id, link_id, slug, folded, given_at)\nSELECT brand_id, id, lower(slug), tracking_folded_slug(slug), now() FROM added ORDER BY id;\nRETURN NULL;\n",
                    hash="0c53105bc9077f4f38135ef215e5d4dc0f2b70dd",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_link_keeps_new_slug_8932d",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="tracking_trackinglink",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trackinglink",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_link_keeps_slug",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.slug IS DISTINCT FROM NEW.slug)",
                    func="\nIF EXISTS (SELECT FROM tracking_linkslug WHERE slug = lower(NEW.slug)\n           AND brand_id = NEW.brand_id AND link_id = NEW.id) THEN\n    RETURN NULL;\nEND IF;\nINSERT INTO tracking_linkslug (brand_id, link_id, slug, folded, given_at)\nSELECT NEW.brand_id, NEW.id, lower(NEW.slug), CASE WHEN EXISTS (\n    SELECT FROM tracking_linkslug WHERE folded = tracking_folded_slug(NEW.slug)\n    AND brand_id = NEW.brand_id AND link_id = NEW.id\n) THEN '' ELSE tracking_folded_slug(NEW.slug) END, now();\nRETURN NULL;\n",
                    hash="34aafac2d31e424a668da653b48724607cd81518",
                    operation='UPDATE OF "slug"',
                    pgid="pgtrigger_tracking_link_keeps_slug_ac08e",
                    table="tracking_trackinglink",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="linkdomain",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="linkslug",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.brand",
            ),
        ),
        migrations.AddField(
            model_name="linkslug",
            name="link",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracking.trackinglink",
            ),
        ),
        migrations.AddIndex(
            model_name="linkdomain",
            index=models.Index(fields=["next_check_at"], name="tracking_linkdomain_due"),
        ),
        migrations.AddConstraint(
            model_name="linkdomain",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_linkdomain_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="linkdomain",
            constraint=models.UniqueConstraint(
                fields=("brand", "host"), name="tracking_linkdomain_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="linkdomain",
            constraint=models.UniqueConstraint(
                condition=models.Q(("verified_at__isnull", False)),
                fields=("host",),
                name="tracking_linkdomain_one_brand",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkdomain",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_main", True)),
                fields=("brand",),
                name="tracking_linkdomain_one_main",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkdomain",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "host__regex",
                        "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
                    )
                ),
                name="tracking_linkdomain_host",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkdomain",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("problem", ""), ("verified_at__isnull", False)),
                    models.Q(("problem", ""), _negated=True),
                    _connector="OR",
                ),
                name="tracking_linkdomain_verified",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="linkdomain",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_linkdomain_live_brand",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN\n    RAISE EXCEPTION 'not in a test brand: link domains';\nEND IF;\nRETURN NEW;\n",
                    hash="66b0f3152df3091973c6c914f7ff69f836626ac1",
                    operation="INSERT",
                    pgid="pgtrigger_tracking_linkdomain_live_brand_90abb",
                    table="tracking_linkdomain",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="linkdomain",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_linkdomain_shown",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nUPDATE accounts_brand SET link_host = shown.host\nFROM (SELECT coalesce(max(host), '') AS host FROM tracking_linkdomain\n      WHERE brand_id = coalesce(NEW.brand_id, OLD.brand_id)\n      AND is_main AND verified_at IS NOT NULL AND problem = '') AS shown\nWHERE id = coalesce(NEW.brand_id, OLD.brand_id) AND link_host IS DISTINCT FROM shown.host;\nRETURN NULL;\n",
                    hash="3d1ff31623bf1044024efde897cc531254907329",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_tracking_linkdomain_shown_7d578",
                    table="tracking_linkdomain",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="linkslug",
            index=models.Index(fields=["brand", "link"], name="tracking_linkslug_link"),
        ),
        migrations.AddConstraint(
            model_name="linkslug",
            constraint=models.UniqueConstraint(
                fields=("brand", "id"), name="tracking_linkslug_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="linkslug",
            constraint=models.UniqueConstraint(
                condition=models.Q(("folded", ""), _negated=True),
                fields=("folded",),
                name="tracking_linkslug_looks_alike",
            ),
        ),
        AddTenantForeignKey("linkslug", "link"),
    ]
