"""manage.py reseal_webhooks"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from core import commands
from webhooks.channels import reseal_channels
from webhooks.signing import reseal_endpoints


class Command(commands.Command):
    help = "Encrypt the secrets of all webhooks and chat channels with the first of DETAILS_KEYS."
    kept = "Secrets encrypted so far keep the new key. The others still use the old key."

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = []
        for what, done in (("webhooks", reseal_endpoints()), ("channels", reseal_channels())):
            self.stdout.write(f"{done.resealed:,} {what} were encrypted with the first key.")
            if done.unreadable:
                unreadable.append(f"{done.unreadable:,} {what}")
        if unreadable:
            raise CommandError(
                f"{' and '.join(unreadable)} can't be decrypted with any of DETAILS_KEYS. Add the"
                " missing key, or make new secrets for them."
            )
