"""manage.py changepassword EMAIL"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction
from django.utils import timezone

from accounts.actors import Actor
from accounts.audit_log.security_log import record_event
from accounts.models import User
from accounts.sessions import delete_sessions
from core import commands


class Command(commands.Command, changepassword.Command):
    """Django's command. It then ends the person's sessions, as a new password does on the pages."""

    help = "Set a person's password, and end their sessions."
    kept = "The password may be the new one; the person's sessions may go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="email", help="the person's address")
        parser.set_defaults(database="default")

    def handle(self, *args: Any, **options: Any) -> str:
        said = super().handle(*args, **options)
        user = User.objects.get(email=options["username"])
        with transaction.atomic():
            record_event(
                action="password.changed",
                user=user,
                by=Actor.system("manage.py changepassword"),
                now=timezone.now(),
                ended=delete_sessions(user=user),
            )
        return str(said)
