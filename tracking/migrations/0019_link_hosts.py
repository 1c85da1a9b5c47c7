"""Domains of brands keep the list of hosts of their brand, and say what a check has seen."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0018_slugs_of_links"),
        ("accounts", "0012_link_hosts"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="linkdomain",
            name="tracking_linkdomain_shown",
        ),
        migrations.AddField(
            model_name="linkdomain",
            name="seen",
            field=models.CharField(blank=True, max_length=200),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="linkdomain",
            trigger=pgtrigger.compiler.Trigger(
                name="tracking_linkdomain_shown",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nUPDATE accounts_brand SET link_host = kept.host, link_hosts = kept.hosts\nFROM (\n    SELECT coalesce(max(host) FILTER (WHERE is_main AND problem = ''), '') AS host,\n        coalesce(array_agg(host ORDER BY host), '{}') AS hosts\n    FROM tracking_linkdomain\n    WHERE brand_id = coalesce(NEW.brand_id, OLD.brand_id) AND verified_at IS NOT NULL\n) AS kept\nWHERE id = coalesce(NEW.brand_id, OLD.brand_id)\nAND (link_host, link_hosts) IS DISTINCT FROM (kept.host, kept.hosts);\nRETURN NULL;\n",
                    hash="2f287b03e7bd16a7724b2bf6ed564b4813c33622",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_tracking_linkdomain_shown_7d578",
                    table="tracking_linkdomain",
                    when="AFTER",
                ),
            ),
        ),
    ]
