"""manage.py reseal_details"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from core import commands
from payouts.resealing import reseal_details


class Command(commands.Command):
    help = "Seal all payout details with the first of DETAILS_KEYS; then older keys can go."
    kept = "What was sealed anew stays so, and the rest opens with the old key as before."

    def handle(self, *args: Any, **options: Any) -> None:
        resealed = unreadable = 0
        after: int | None = 0
        while after is not None:
            batch, after = reseal_details(after=after)
            resealed += batch.resealed
            unreadable += batch.unreadable
        self.stdout.write(f"{resealed:,} payout details were sealed with the first key.")
        if unreadable:
            raise CommandError(
                f"{unreadable:,} payout details open with none of DETAILS_KEYS: their creators have"
                " to enter them again, or a key is missing from the list."
            )
