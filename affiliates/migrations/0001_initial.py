"""Every table of affiliates: members and creators."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from core.db import AddTenantForeignKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Creator",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "user",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="creator",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("language", models.CharField(blank=True, max_length=12)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="affiliates_creator_email",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreatorLogin",
            fields=[],
            options={
                "proxy": True,
            },
            bases=("accounts.user",),
        ),
        migrations.CreateModel(
            name="Member",
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
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.creator",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("first_name", models.CharField(blank=True, max_length=200)),
                ("last_name", models.CharField(blank=True, max_length=200)),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.staff",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "joined_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("deleted_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["creator"], name="affiliates_member_creator"),
                    models.Index(
                        fields=["brand", "last_name", "first_name", "id"],
                        name="affiliates_member_name",
                    ),
                    models.Index(fields=["brand", "owner"], name="affiliates_member_owner"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="affiliates_member_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("email", ""), _negated=True),
                        name="affiliates_member_email",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberTag",
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
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.member",
                    ),
                ),
                ("tag", models.CharField(max_length=40)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["brand", "tag"], name="affiliates_member_tag")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="affiliates_membertag_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        models.F("member"),
                        django.db.models.functions.text.Lower("tag"),
                        name="affiliates_member_tag_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberHandle",
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
                    "platform",
                    models.CharField(
                        choices=[
                            ("instagram", "Instagram"),
                            ("tiktok", "TikTok"),
                            ("youtube", "YouTube"),
                            ("twitch", "Twitch"),
                            ("x", "X"),
                            ("facebook", "Facebook"),
                            ("pinterest", "Pinterest"),
                            ("website", "Website"),
                        ],
                        max_length=12,
                    ),
                ),
                ("handle", models.CharField(max_length=200)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="affiliates_memberhandle_tenant"
                    ),
                    models.UniqueConstraint(
                        fields=("brand", "member", "platform"), name="affiliates_member_handle_once"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creatorlogin",
            trigger=pgtrigger.compiler.Trigger(
                name="affiliates_login_address",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\nIF EXISTS (\n    SELECT FROM affiliates_creator AS creator JOIN accounts_user AS login\n    ON login.id = creator.user_id\n    WHERE creator.user_id = NEW.id AND lower(creator.email) <> lower(login.email)\n) THEN\n    RAISE EXCEPTION 'a creator and their login have one address';\nEND IF;\nRETURN NULL;\n",
                    hash="4bf91e5ca13b339015dc8bc32e59042b3ad1fed5",
                    operation='UPDATE OF "email"',
                    pgid="pgtrigger_affiliates_login_address_00f4a",
                    table="accounts_user",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creator",
            trigger=pgtrigger.compiler.Trigger(
                name="affiliates_creator_proven",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF NEW.user_id IS NOT NULL AND NOT EXISTS (\n    SELECT FROM accounts_user\n    WHERE id = NEW.user_id AND email_proven_at IS NOT NULL AND lower(email) = lower(NEW.email)\n) THEN\n    RAISE EXCEPTION 'a creator belongs to the login that has proven the same address';\nEND IF;\nRETURN NEW;\n",
                    hash="25177f749104831f939962e83d2ed752adf2cd22",
                    operation='INSERT OR UPDATE OF "user_id", "email"',
                    pgid="pgtrigger_affiliates_creator_proven_32504",
                    table="affiliates_creator",
                    when="BEFORE",
                ),
            ),
        ),
        AddTenantForeignKey("member", "owner"),
        AddTenantForeignKey("membertag", "member"),
        AddTenantForeignKey("memberhandle", "member"),
    ]
