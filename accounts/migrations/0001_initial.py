"""Every table of accounts: users, brands, staff, codes, sessions, the audit log."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("currency", models.CharField(max_length=3)),
                ("time_zone", models.CharField(max_length=64)),
                ("accent", models.CharField(blank=True, max_length=7)),
                ("logo", models.CharField(blank=True, max_length=64)),
                ("sender_name", models.CharField(blank=True, max_length=120)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                ("sends_items_automatically", models.BooleanField(default=False)),
                ("minimum_payout_minor", models.BigIntegerField(default=0)),
                ("requires_second_factor", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
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
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("action", models.CharField(max_length=80)),
                ("target", models.CharField(max_length=80)),
                ("detail", models.JSONField(default=dict)),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["brand", "-at", "-id"], name="accounts_audit_newest"),
                    models.Index(fields=["brand", "target"], name="accounts_audit_target"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="accounts_auditentry_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditCount",
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
                ("kind", models.CharField(max_length=80)),
                ("entries", models.BigIntegerField()),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_folded", False)),
                        fields=["brand"],
                        name="accounts_auditcount_new",
                    ),
                    models.Index(fields=["brand", "kind"], name="accounts_count_kind"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="accounts_auditcount_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Picture",
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
                ("digest", models.CharField(max_length=64)),
                ("content_type", models.CharField(max_length=20)),
                ("content", models.BinaryField()),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="accounts_picture_tenant"),
                    models.UniqueConstraint(
                        fields=("brand", "digest"), name="accounts_picture_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
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
                ("label", models.CharField(max_length=80)),
                ("prefix", models.CharField(max_length=16, unique=True)),
                ("digest", models.CharField(max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="accounts_apikey_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="MailedCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("address", models.EmailField(max_length=254)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("log_in", "Logging in"),
                            ("payout_details", "Changing where you are paid"),
                            ("details_release", "Sharing where you are paid"),
                            ("passkeys", "Adding a passkey"),
                            ("export", "Downloading your data"),
                            ("deletion", "Deleting your data"),
                            ("fresh_login", "Confirming that it is you"),
                            ("new_address", "Changing your email address"),
                            ("password_reset", "Setting a new password"),
                        ],
                        max_length=20,
                    ),
                ),
                ("browser", models.CharField(max_length=64)),
                ("language", models.CharField(blank=True, max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be mailed"),
                            ("nobody", "Not mailed: nobody has this address"),
                            ("mailing", "Being handed to the mail server"),
                            ("mailed", "Taken by the mail server"),
                            ("failed", "Not taken by the mail server"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("mail_due_at", models.DateTimeField()),
                ("mail_tries", models.PositiveSmallIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("proven_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["address"], name="accounts_code_address"),
                    models.Index(fields=["asked_at"], name="accounts_code_age"),
                    models.Index(
                        condition=models.Q(
                            ("ended_at", None), ("state__in", ("waiting", "mailing"))
                        ),
                        fields=["mail_due_at"],
                        name="accounts_code_to_mail",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("browser", "purpose"),
                        name="accounts_code_one_live",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tries__lte", 5)), name="accounts_code_tries"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proven_at", None),
                            ("state__in", ("mailing", "mailed", "failed")),
                            _connector="OR",
                        ),
                        name="accounts_code_mailed_first",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("whom", models.CharField(max_length=64)),
                ("since", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["since"], name="accounts_codecount_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "whom", "since"), name="accounts_codecount_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OperatorAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("operator", models.CharField(max_length=200)),
                ("action", models.CharField(max_length=80)),
                ("target", models.CharField(max_length=200)),
                ("address", models.EmailField(max_length=254)),
                ("reason", models.CharField(max_length=500)),
            ],
            options={
                "indexes": [models.Index(fields=["-at", "-id"], name="accounts_operator_newest")],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("email_proven_at", models.DateTimeField(blank=True, null=True)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("is_staff", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("joined_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"), name="accounts_user_email"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("visitor", "Visitor"),
                            ("creator", "Creator"),
                            ("staff", "Staff"),
                            ("operator", "Operator"),
                        ],
                        default="visitor",
                        max_length=10,
                    ),
                ),
                ("began_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("network", models.CharField(blank=True, max_length=64)),
                ("agent", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
            },
        ),
        migrations.CreateModel(
            name="LoginFailure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("password", "wrong password"),
                            ("code", "wrong code"),
                            ("second_factor", "wrong second factor"),
                            ("too_many", "too many tries"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("untold", models.PositiveIntegerField(default=0)),
                ("told_at", models.DateTimeField(null=True)),
                ("last_at", models.DateTimeField()),
                ("network", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [models.Index(fields=["last_at"], name="accounts_failure_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("digest", "reason"), name="accounts_failure_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Staff",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("manager", "Manager"), ("viewer", "Viewer")],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "id"), name="accounts_staff_tenant"),
                    models.UniqueConstraint(fields=("brand", "user"), name="accounts_staff_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("manager", "Manager"), ("viewer", "Viewer")],
                        max_length=10,
                    ),
                ),
                ("invited_by", models.CharField(max_length=200)),
                ("invited_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(null=True)),
                ("mail_problem", models.CharField(blank=True, max_length=300)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("brand", "id"), name="accounts_invitation_tenant"
                    ),
                    models.UniqueConstraint(
                        models.F("brand"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        name="accounts_invitation_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at", None), ("withdrawn_at", None), _connector="OR"
                        ),
                        name="accounts_invitation_one_end",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="operatoraction",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_operator_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1f9ae7384e3705898ef894f106294ea381fd4148",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_accounts_operator_append_only_6a9e8",
                    table="accounts_operatoraction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_user_address",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF OLD.email_proven_at IS NOT NULL AND NEW.email_proven_at IS NULL THEN\n    RAISE EXCEPTION 'the proof of an address is not taken back';\nEND IF;\nIF NEW.email IS DISTINCT FROM OLD.email AND (\n    NEW.email_proven_at IS NULL OR NEW.email_proven_at IS NOT DISTINCT FROM OLD.email_proven_at\n) THEN\n    RAISE EXCEPTION 'an address changes together with the proof of the new one';\nEND IF;\nRETURN NEW;\n",
                    hash="2919da3c3aa1478f6d3395b5d8f1089373a39ecd",
                    operation='UPDATE OF "email", "email_proven_at"',
                    pgid="pgtrigger_accounts_user_address_5e2f5",
                    table="accounts_user",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_audit_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f0beb7180b69d83f0b0def0d41614c6e818d4820",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_accounts_audit_append_only_4cf78",
                    table="accounts_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_auditcount_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nINSERT INTO accounts_auditcount (brand_id, kind, entries)\nSELECT moved.brand_id, split_part(moved.target, ':', 1), sum(moved.sign * 1)::bigint\nFROM (SELECT 1 AS sign, * FROM added) AS moved \nGROUP BY moved.brand_id, split_part(moved.target, ':', 1) HAVING (sum(moved.sign * 1)::bigint) IS DISTINCT FROM (0);\nRETURN NULL;\n",
                    hash="b814e20620ce7a6401f01c4dedaa4672278af4bf",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_accounts_auditcount_insert_c6b8d",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="accounts_auditentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staff",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_staff_proven",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF NOT EXISTS (\n    SELECT FROM accounts_user WHERE id = NEW.user_id AND email_proven_at IS NOT NULL\n) THEN\n    RAISE EXCEPTION 'a role is only for a user whose address is proven';\nEND IF;\nRETURN NEW;\n",
                    hash="2e7bfa88e88b7c60f7eb3eee5efdbc570c947351",
                    operation='INSERT OR UPDATE OF "user_id", "role"',
                    pgid="pgtrigger_accounts_staff_proven_a1ab1",
                    table="accounts_staff",
                    when="BEFORE",
                ),
            ),
        ),
    ]
