"""manage.py addresses [--base-url URL]: where to look first."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import CommandError

from accounts import one_time_login
from accounts.models import Brand, User
from config.local import demo
from core import commands
from core.tenancy import acting_for
from offers import dashboard_links
from offers.models import Enrollment


class Command(commands.Command):
    help = "Print the addresses to open, one per line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-url", default=settings.BASE_URL)

    def handle(self, *args: Any, **options: Any) -> None:
        if not demo.is_loaded():
            raise CommandError("The demo brands are not there: run `manage.py load_demo` first.")
        base = options["base_url"].rstrip("/")
        try:
            token = one_time_login.make_token(User.objects.get(email=demo.OWNER))
            with acting_for(Brand.objects.get(slug=demo.BRAND)):
                enrollment = Enrollment.objects.get(
                    offer__name=demo.OFFER, member__email=demo.CREATOR
                )
        except ObjectDoesNotExist as error:
            raise CommandError(f"The demo was changed: {error}") from error
        for what, address in (
            ("Brand admin (logs in once)", f"{base}/once/{token}"),
            ("An affiliate's dashboard", f"{base}/d/{dashboard_links.token_for(enrollment)}"),
            (f"Creator portal ({demo.CREATOR})", f"{base}/portal/"),
            ("Inbox: every mail sent", f"{base}/inbox/"),
        ):
            self.stdout.write(f"  {what:<42} {address}")
