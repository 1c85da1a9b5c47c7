"""manage.py reseal_details"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from core import commands
from payouts.resealing import reseal_details


class Command(commands.Command):
    help = "Encrypt all payout details with the first of DETAILS_KEYS. Then remove the old keys."
    kept = "Details encrypted so far keep the new key. The others still use the old key."

    def handle(self, *args: Any, **options: Any) -> None:
        resealed = unreadable = 0
        after: int | None = 0
        while after is not None:
            batch, after = reseal_details(after=after)
            resealed += batch.resealed
            unreadable += batch.unreadable
        self.stdout.write(f"{resealed:,} payout details were encrypted with the first key.")
        if unreadable:
            raise CommandError(
                f"{unreadable:,} payout details can't be decrypted with any of DETAILS_KEYS. Add"
                " the missing key, or ask their creators to enter the details again."
            )
