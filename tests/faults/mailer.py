"""Sends campaigns of mails, in a process of its own: `python -m tests.faults.mailer`.

It reads a name and a number a line. For each it confirms a campaign to so many people and waits
until beat and the worker are done with it. Then it prints what became of each mail, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress

import django
from django.db import DatabaseError, connection
from django.utils import timezone

django.setup()

from accounts.models import Brand  # noqa: E402 - Django is set up first
from core.tenancy import acting_for  # noqa: E402
from notifications.models import Campaign, CampaignState, Message  # noqa: E402
from tests.notifications.senders import confirm, recipient  # noqa: E402


def send(name: str, number: int) -> dict[str, str]:
    """Each address with the state of its mail."""
    people = [recipient(n, to_address=f"{name}-{n}@example.com") for n in range(number)]
    campaign = confirm(people, now=timezone.now())
    while True:
        try:
            if Campaign.objects.get(pk=campaign.pk).state == CampaignState.DONE:
                mails = Message.objects.filter(campaign=campaign)
                return dict(mails.values_list("to_address", "state"))
        except DatabaseError:
            with suppress(DatabaseError):
                connection.close()
        threading.Event().wait(0.2)


def main() -> None:
    with acting_for(Brand.objects.get(slug="juniper")):
        for line in sys.stdin:
            name, number = line.split()
            answer = json.dumps(send(name, int(number)))
            print(answer, flush=True)  # noqa: T201 - so it answers


if __name__ == "__main__":
    main()
