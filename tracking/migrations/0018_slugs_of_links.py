"""Keep the slugs of the links that exist already.

In a transaction of its own, so that no link is locked meanwhile. Where two of them look alike, the
older link has the folded form, and both go on leading where they led.
"""

from django.db import migrations

KEEP = """
INSERT INTO tracking_linkslug (brand_id, link_id, slug, folded, given_at)
SELECT DISTINCT ON (tracking_folded_slug(slug))
    brand_id, id, lower(slug), tracking_folded_slug(slug), created_at
FROM tracking_trackinglink ORDER BY tracking_folded_slug(slug), id
ON CONFLICT DO NOTHING
"""
KEEP_WHAT_LOOKS_ALIKE = """
INSERT INTO tracking_linkslug (brand_id, link_id, slug, folded, given_at)
SELECT link.brand_id, link.id, lower(link.slug), '', link.created_at
FROM tracking_trackinglink link
WHERE NOT EXISTS (
    SELECT FROM tracking_linkslug kept
    WHERE kept.brand_id = link.brand_id AND kept.link_id = link.id
)
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0017_link_addresses")]

    operations = [
        migrations.RunSQL(KEEP, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_WHAT_LOOKS_ALIKE, reverse_sql=migrations.RunSQL.noop),
    ]
