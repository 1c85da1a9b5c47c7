"""manage.py reseal_connections"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from core import commands
from integrations.credentials import reseal_connections


class Command(commands.Command):
    help = "Encrypt all credentials of shops with the first of DETAILS_KEYS. Then remove old keys."
    kept = "Connections encrypted so far keep the new key. The others still use the old key."

    def handle(self, *args: Any, **options: Any) -> None:
        done = reseal_connections()
        self.stdout.write(f"{done.resealed:,} connections were encrypted with the first key.")
        if done.unreadable:
            raise CommandError(
                f"{done.unreadable:,} connections can't be decrypted with any of DETAILS_KEYS. Add"
                " the missing key, or connect these shops again."
            )
