"""Clicks in a table with a partition per month, and the batches they come in.

The clicks that are there move to the new table in this one transaction.
"""

from django.db import migrations, models

# The link's row says brand and enrollment: one reference holds all three.
MOVE = """
ALTER TABLE tracking_click RENAME TO tracking_click_before;
CREATE SEQUENCE tracking_click_seq;
CREATE TABLE tracking_click (
  id bigint NOT NULL DEFAULT nextval('tracking_click_seq'),
  brand_id bigint NOT NULL,
  link_id bigint NOT NULL,
  enrollment_id bigint NOT NULL,
  click_id varchar(80) NOT NULL,
  clicked_at timestamptz NOT NULL,
  kind varchar(8) NOT NULL,
  visitor bigint,
  user_agent varchar(300) NOT NULL DEFAULT '',
  referrer_host varchar(253) NOT NULL DEFAULT '',
  sub1 varchar(60) NOT NULL DEFAULT '',
  sub2 varchar(60) NOT NULL DEFAULT '',
  sub3 varchar(60) NOT NULL DEFAULT '',
  sub4 varchar(60) NOT NULL DEFAULT '',
  sub5 varchar(60) NOT NULL DEFAULT '',
  country varchar(2) NOT NULL DEFAULT '',
  device varchar(8) NOT NULL DEFAULT 'other',
  landing varchar(100) NOT NULL DEFAULT '',
  "returning" boolean,
  CONSTRAINT tracking_click_kind
    CHECK (kind IN ('visit', 'robot', 'preview', 'prefetch', 'head', 'inactive')),
  CONSTRAINT tracking_click_device CHECK (device IN ('phone', 'tablet', 'computer', 'other'))
) PARTITION BY RANGE (clicked_at);
DO $$
DECLARE
  month timestamp := date_trunc('month', least(
    (SELECT min(clicked_at) FROM tracking_click_before), now()) AT TIME ZONE 'UTC');
BEGIN
  WHILE month < (now() AT TIME ZONE 'UTC') + interval '3 months' LOOP
    EXECUTE format(
      'CREATE TABLE %I PARTITION OF tracking_click FOR VALUES FROM (%L) TO (%L)',
      'tracking_click_' || to_char(month, 'YYYY_MM'),
      month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    month := month + interval '1 month';
  END LOOP;
END $$;
INSERT INTO tracking_click (
  id, brand_id, link_id, enrollment_id, click_id, clicked_at, kind, user_agent, referrer_host)
SELECT id, brand_id, link_id, enrollment_id, click_id, clicked_at,
  CASE WHEN counted THEN 'visit' ELSE 'robot' END, user_agent, lower(referrer_host)
FROM tracking_click_before;
SELECT setval('tracking_click_seq', coalesce((SELECT max(id) FROM tracking_click), 0) + 1, false);
DROP TABLE tracking_click_before;
ALTER SEQUENCE tracking_click_seq RENAME TO tracking_click_id_seq;
ALTER SEQUENCE tracking_click_id_seq OWNED BY tracking_click.id;
ALTER TABLE tracking_click
  ADD CONSTRAINT tracking_click_pkey PRIMARY KEY (brand_id, id, clicked_at),
  ADD CONSTRAINT tracking_click_once UNIQUE (brand_id, click_id, clicked_at),
  ADD CONSTRAINT tracking_click_link_id_tenant_fk FOREIGN KEY (brand_id, link_id, enrollment_id)
    REFERENCES tracking_trackinglink (brand_id, id, enrollment_id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX tracking_click_who ON tracking_click (brand_id, enrollment_id, clicked_at DESC);
CREATE INDEX tracking_click_new ON tracking_click (brand_id, clicked_at DESC, id DESC);
CREATE INDEX tracking_click_visitor ON tracking_click (brand_id, visitor, enrollment_id)
  WHERE kind = 'visit';
"""
TEXTS = {"referrer_host": 253, "user_agent": 300}
NEW_TEXTS = {"sub1": 60, "sub2": 60, "sub3": 60, "sub4": 60, "sub5": 60, "country": 2}
KINDS = [
    ("visit", "Visit"),
    ("robot", "Robot"),
    ("preview", "Link preview"),
    ("prefetch", "Prefetch"),
    ("head", "HEAD request"),
    ("inactive", "Link or offer not active"),
]
DEVICES = [
    ("phone", "Phone"),
    ("tablet", "Tablet"),
    ("computer", "Computer"),
    ("other", "Other"),
]


def text(length: int) -> models.CharField:
    return models.CharField(blank=True, db_default="", max_length=length)


STATE = [
    migrations.RemoveConstraint(model_name="click", name="tracking_click_tenant"),
    migrations.RemoveField(model_name="click", name="counted"),
    migrations.AddField(
        model_name="click",
        name="kind",
        field=models.CharField(choices=KINDS, default="visit", max_length=8),
        preserve_default=False,
    ),
    migrations.AddField(
        model_name="click",
        name="device",
        field=models.CharField(choices=DEVICES, db_default="other", default="other", max_length=8),
    ),
    migrations.AddField(model_name="click", name="landing", field=text(100)),
    migrations.AddField(model_name="click", name="returning", field=models.BooleanField(null=True)),
    migrations.AddField(
        model_name="click", name="visitor", field=models.BigIntegerField(null=True)
    ),
    *(
        migrations.AddField(model_name="click", name=name, field=text(length))
        for name, length in NEW_TEXTS.items()
    ),
    *(
        migrations.AlterField(model_name="click", name=name, field=text(length))
        for name, length in TEXTS.items()
    ),
    migrations.AddIndex(
        model_name="click",
        index=models.Index(
            condition=models.Q(("kind", "visit")),
            fields=["brand", "visitor", "enrollment"],
            name="tracking_click_visitor",
        ),
    ),
    migrations.AddConstraint(
        model_name="click",
        constraint=models.UniqueConstraint(
            fields=("brand", "click_id", "clicked_at"), name="tracking_click_once"
        ),
    ),
    migrations.AddConstraint(
        model_name="click",
        constraint=models.CheckConstraint(
            condition=models.Q(("kind__in", [kind for kind, _ in KINDS])),
            name="tracking_click_kind",
        ),
    ),
    migrations.AddConstraint(
        model_name="click",
        constraint=models.CheckConstraint(
            condition=models.Q(("device__in", [device for device, _ in DEVICES])),
            name="tracking_click_device",
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("tracking", "0014_newest_first")]

    operations = [
        migrations.AddConstraint(
            model_name="trackinglink",
            constraint=models.UniqueConstraint(
                fields=("brand", "id", "enrollment"), name="tracking_link_enrollment_once"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(MOVE)], state_operations=STATE
        ),
        migrations.CreateModel(
            name="ClickBatch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("stored_at", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name="clickbatch",
            index=models.Index(fields=["stored_at"], name="tracking_batch_age"),
        ),
        migrations.CreateModel(
            name="RefusedClicks",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("batch", models.UUIDField()),
                ("reason", models.CharField(max_length=300)),
                ("number", models.PositiveIntegerField()),
                ("lines", models.BinaryField()),
                ("refused_at", models.DateTimeField()),
            ],
            options={"verbose_name": "refused clicks", "verbose_name_plural": "refused clicks"},
        ),
        migrations.AddIndex(
            model_name="refusedclicks",
            index=models.Index(fields=["-refused_at"], name="tracking_refused_new"),
        ),
        migrations.CreateModel(
            name="VisitorKey",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("key", models.BinaryField()),
            ],
        ),
    ]
