"""Asks for imports of members, in a process of its own: `python -m tests.faults.importer`.

It reads one name a line. For each it asks for an import as staff do, and has the work swept as beat
does. It prints "begun" when rows go in, and at the end what came of it, as one line of JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import uuid
from contextlib import suppress
from datetime import timedelta

import django
from django.db import DatabaseError, connection
from django.utils import timezone

django.setup()

from accounts.models import Brand  # noqa: E402 - Django is set up first
from affiliates.models import Member  # noqa: E402
from background import sweeping  # noqa: E402
from background.models import Work  # noqa: E402
from core.tenancy import acting_for  # noqa: E402
from offers.models import Offer  # noqa: E402
from offers.services import create_offer  # noqa: E402
from offers.terms import TermsValues  # noqa: E402
from tests.cast import SYSTEM, offer_values  # noqa: E402
from tracking.importing.members_in_background import ask_for_import, ask_for_preview  # noqa: E402
from tracking.models import PromoCode  # noqa: E402

ROWS = 400
LOST_AFTER = timedelta(seconds=1)  # a message that nobody took for so long; usually it is 15 s
BEGUN = "begun"


def import_members(name: str) -> dict[str, object]:
    """Import new members, whatever becomes of the servers meanwhile; returns what came of it."""
    rows = [f"m{number}@{name}.example,M,{number},{name}X{number}" for number in range(ROWS)]
    content = "\n".join(["email,first_name,last_name,promo_code", *rows]).encode()
    preview = ask_for_preview(
        content=content, filename=f"{name}.csv", rows=ROWS, offer=offer(),
        confirmation=uuid.uuid4(), by=SYSTEM, now=timezone.now(),
    )  # fmt: skip
    follow(preview)
    work = ask_for_import(preview=preview, by=SYSTEM, now=timezone.now())
    follow(work, tell_begin=True)
    while True:
        with suppress(DatabaseError):
            return {
                "state": work.state,
                "done": work.done,
                "counts": work.counts,
                "problems": work.problems,
                "members": Member.objects.filter(email__endswith=f"@{name}.example").count(),
                "codes": PromoCode.objects.filter(code__startswith=f"{name.upper()}X").count(),
            }


def offer() -> Offer:
    """An offer for all imports, so that the cast's own keep the members they have."""
    found = Offer.objects.filter(name="Imported").first()
    return found or create_offer(
        values=offer_values(name="Imported"),
        terms=TermsValues(percent_bp=1_000),
        by=SYSTEM,
        now=timezone.now(),
    )


def follow(work: Work, *, tell_begin: bool = False) -> None:
    """Until it is over, do what beat does. PostgreSQL may be away at any moment."""
    while work.is_live:
        try:
            sweeping.sweep_work(now=timezone.now())
            work.refresh_from_db()
        except DatabaseError:
            with suppress(DatabaseError):
                connection.close()
        if tell_begin and work.done:
            tell_begin = False
            print(BEGUN, flush=True)  # noqa: T201 - so it answers
        threading.Event().wait(0.05)


def main() -> None:
    sweeping.LOST_MESSAGE_AFTER = LOST_AFTER
    with acting_for(Brand.objects.get(slug="juniper")):
        for line in sys.stdin:
            answer = json.dumps(import_members(line.strip()))
            print(answer, flush=True)  # noqa: T201 - so it answers


if __name__ == "__main__":
    main()
