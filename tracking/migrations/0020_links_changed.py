"""Tell the web processes whose links changed, so that their caches follow within a second.

Each change of a row that a redirect depends on sends the brand's id on the channel `links_changed`
when its transaction commits. PostgreSQL sends the same text once for a transaction.
"""

from django.db import migrations

# Which columns of which table a redirect depends on. Rows of the tables that have no columns here
# matter when they are added or removed.
CHANGED = {
    "tracking_trackinglink": ["status", "destination_url"],
    "offers_offer": [
        "name", "status", "counting_changed_at", "pauses", "destination_url", "allowed_domains",
        "click_window_days", "utm_template", "starts_at", "ends_at",
    ],
    "offers_project": ["name", "offer_id", "code_offer_id"],
    "affiliates_member": ["first_name", "last_name", "email"],
    "accounts_brand": ["name"],
    "tracking_linkdomain": ["host", "verified_at"],
}  # fmt: skip
ADDED = ["tracking_linkslug", "tracking_linkdomain", "offers_projectmember"]
REMOVED = ["tracking_linkslug", "tracking_linkdomain", "offers_projectmember"]

ADDED_OR_REMOVED = """
CREATE FUNCTION tracking_links_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('links_changed', changed.brand_id::text)
    FROM (SELECT DISTINCT brand_id FROM touched) AS changed;
    RETURN NULL;
END $$
"""
AFTER = """
CREATE TRIGGER {table}_tells_{name} AFTER {operation} ON {table}
REFERENCING {rows} TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION tracking_links_changed()
"""
UPDATED = """
CREATE FUNCTION {table}_tells_links_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('links_changed', changed.brand::text)
    FROM (
        SELECT DISTINCT added.{brand} AS brand FROM added JOIN removed USING (id) WHERE {condition}
    ) AS changed;
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_tells_changed AFTER UPDATE ON {table}
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION {table}_tells_links_changed()
"""


def after(table: str, name: str, operation: str, rows: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        AFTER.format(table=table, name=name, operation=operation, rows=rows),
        reverse_sql=f"DROP TRIGGER {table}_tells_{name} ON {table}",
    )


def after_update(table: str, columns: list[str]) -> migrations.RunSQL:
    condition = " OR ".join(f"added.{name} IS DISTINCT FROM removed.{name}" for name in columns)
    brand = "id" if table == "accounts_brand" else "brand_id"
    return migrations.RunSQL(
        UPDATED.format(table=table, brand=brand, condition=condition),
        reverse_sql=f"DROP TRIGGER {table}_tells_changed ON {table};"
        f"DROP FUNCTION {table}_tells_links_changed()",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_link_hosts"),
        ("affiliates", "0003_newest_first"),
        ("offers", "0009_own_slugs"),
        ("tracking", "0019_link_hosts"),
    ]

    operations = [
        migrations.RunSQL(ADDED_OR_REMOVED, reverse_sql="DROP FUNCTION tracking_links_changed()"),
        *(after(table, "added", "INSERT", "NEW") for table in ADDED),
        *(after(table, "removed", "DELETE", "OLD") for table in REMOVED),
        *(after_update(table, columns) for table, columns in CHANGED.items()),
    ]
