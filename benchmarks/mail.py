"""Send 10,000 mails with a real worker to a local SMTP server, alternating with a smtplib loop.

The bare loop sends prepared bytes of the same size over one connection, like the worker, but
composes and stores nothing. A second loop composes each mail with the
standard library, for comparison.
"""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median

from django.utils import timezone

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.proven_addresses import make_proven_user
from benchmarks.figures import show, timed
from core.tenancy import acting_for
from notifications.mails import compose, rendered
from notifications.mime import as_bytes
from notifications.models import Campaign, Message, MessageState, Purpose
from notifications.services import Recipient, cancel_campaign, confirm_campaign
from tests.worker import Worker
from tracking.outreach.first_texts import FIRST_TEXTS

MAILS, ROUNDS, RECIPIENTS, EARLY = 2_000, 5, 100_000, 1_000
BY = Actor.system("bench")
SENDER = "tracking@tributary.example"


def run() -> None:
    make_proven_user(email="owner@mail-bench.example", name="", password=None, now=timezone.now())
    brand = create_brand(
        slug="mail-bench", name="Bench & Co", currency="GBP", time_zone="Europe/London",
        owner_email="owner@mail-bench.example", by=BY, now=timezone.now(),
    )  # fmt: skip
    with acting_for(brand):
        confirming()
        ready, build = built_in_two_ways()
        rounds = sending(bare=lambda: loop(lambda address: ready))
        compare(rounds, building=loop(build))


def confirming() -> None:
    recipients = people(RECIPIENTS)
    seconds = timed(lambda: confirm(recipients))
    [campaign] = Campaign.objects.all()
    cancel_campaign(campaign=campaign, by=BY, now=timezone.now())
    show(f"confirming {RECIPIENTS:,} recipients (under 5 s)", f"{seconds:.1f} s")


def built_in_two_ways() -> tuple[bytes, Callable[[str], bytes]]:
    """Return a mail of the campaign as bytes, and a function that builds such a mail."""
    campaign = confirm(people(1))
    [message] = Message.objects.filter(campaign=campaign)
    cancel_campaign(campaign=campaign, by=BY, now=timezone.now())
    mail = rendered(campaign, message)

    def build(address: str) -> bytes:
        built = EmailMessage(policy=SMTP)
        built["Subject"], built["From"], built["To"] = mail.subject, SENDER, address
        built.set_content(mail.text)
        built.add_alternative(mail.html, subtype="html")
        return built.as_bytes()

    return as_bytes(compose(campaign, message)), build


@dataclass(frozen=True)
class Round:
    """Mails a second by the bare loop, and right after it through the worker."""

    bare: float
    worker: float

    @property
    def share(self) -> float:
        return self.worker / self.bare


def compare(rounds: list[Round], *, building: float) -> None:
    """Show medians over rounds, because the speed of a machine varies."""
    shares = sorted(one.share for one in rounds)
    worker = median(one.worker for one in rounds)
    show("bare loop of ready-made mails", f"{median(one.bare for one in rounds):,.0f} mails/s")
    show("loop that builds its mails", f"{building:,.0f} mails/s")
    show(f"{MAILS * ROUNDS:,} mails through the worker", f"{worker:,.0f} mails/s")
    shown = f"{median(shares):.2f} ({shares[0]:.2f} to {shares[-1]:.2f})"
    show("worker, as a share of the bare loop (at least 0.5)", shown)
    show("worker, as a share of the loop that builds", f"{worker / building:.2f}")


def loop(mail_to: Callable[[str], bytes]) -> float:
    """Mails a second over one connection."""
    with Sink() as sink, smtplib.SMTP("127.0.0.1", sink.port) as server:
        for number in range(MAILS):
            address = f"person{number}@example.com"
            server.sendmail(SENDER, [address], mail_to(address))
        return sink.tally().rate


def sending(*, bare: Callable[[], float]) -> list[Round]:
    """Through one worker, round after round."""
    with Sink() as sink:
        worker = Worker(sink.port)
        worker.start()
        try:
            warm_up(sink)
            waits, rounds, early = [], [], memory_of(worker)
            for _ in range(ROUNDS):
                slower = bare()
                wait, rate = measure(sink, people(MAILS))
                waits.append(wait)
                rounds.append(Round(slower, rate))
            late = memory_of(worker)
        finally:
            worker.stop()
    show("first mail after Send (at most 2 s)", f"{max(waits):.2f} s")
    show(f"worker's memory from mail {EARLY:,} to the last (± 20 MB)", f"{late - early:+.1f} MB")
    return rounds


def warm_up(sink: Sink) -> None:
    """Wait for the first mails: by then the worker has started and loaded everything."""
    confirm(people(EARLY))
    sink.wait_for(EARLY)


def measure(sink: Sink, recipients: list[Recipient]) -> tuple[float, float]:
    """Seconds from Send to the first mail, and mails a second after it."""
    sink.start_again()
    campaign = confirm(recipients)
    sent_at = time.monotonic()
    sink.wait_for(len(recipients))
    tally = sink.tally()
    accepted = Message.objects.filter(campaign=campaign, state=MessageState.ACCEPTED)
    while accepted.count() < len(recipients):
        time.sleep(0.1)
    return tally.first_at - sent_at, tally.rate


def people(number: int) -> list[Recipient]:
    return [
        Recipient(
            recipient=f"member:{index}",
            about=f"enrollment:{index}",
            to_address=f"person{index}@example.com",
            to_name=f"Person {index}",
            values={
                "first_name": f"Person {index}",
                "full_name": f"Person {index}",
                "brand_name": "Bench & Co",
                "offer_name": "Winter Glow",
                "promo_code": f"PERSON{index}",
                "tracking_link": f"https://go.example/r/person{index}",
                "dashboard_link": f"https://go.example/d/{uuid.UUID(int=index)}",
                "commission": "10% of every sale",
                "sender_name": "Ines",
            },
        )
        for index in range(number)
    ]


def confirm(recipients: list[Recipient]) -> Campaign:
    text = FIRST_TEXTS[Purpose.SALES_TRACKING_ITEMS]
    return confirm_campaign(
        purpose=Purpose.SALES_TRACKING_ITEMS,
        about="offer:1",
        title="Winter Glow",
        subject=text.subject,
        body=text.body,
        recipients=recipients,
        confirmation=uuid.uuid4(),
        by=BY,
        now=timezone.now(),
    )


def memory_of(worker: Worker) -> float:
    """Return the memory of the worker's process in MB."""
    assert worker.process is not None
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


@dataclass(frozen=True)
class Tally:
    """How many mails a server accepted, and when."""

    mails: int
    first_at: float
    last_at: float

    @property
    def rate(self) -> float:
        """Mails a second, after the first."""
        return (self.mails - 1) / (self.last_at - self.first_at)


class Sink:
    """The SMTP server, in a separate process."""

    def __enter__(self) -> Sink:
        command = [sys.executable, "-m", "benchmarks.sink"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._line())
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()

    def start_again(self) -> None:
        """Reset the counts."""
        self._say("again")

    def tally(self) -> Tally:
        mails, first_at, last_at = self._say("tell").split()
        return Tally(int(mails), float(first_at), float(last_at))

    def wait_for(self, mails: int) -> None:
        """Wait until this many mails arrived. Fails when none arrives for a minute."""
        seen, seen_at = 0, time.monotonic()
        while (now := self.tally().mails) < mails:
            if now > seen:
                seen, seen_at = now, time.monotonic()
            assert time.monotonic() < seen_at + 60, f"only {now} of {mails} mails arrived"
            time.sleep(0.1)

    def _say(self, word: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()
