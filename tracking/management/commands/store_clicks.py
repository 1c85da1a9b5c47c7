"""manage.py store_clicks [--alive FILE]"""

from __future__ import annotations

import os
import signal
import socket
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from core import commands
from tracking.links.click_stream import ClickStream
from tracking.links.consuming import Consumer


class Command(commands.Command):
    help = "Store the clicks that wait in Valkey, until SIGTERM. Several may run side by side."
    kept = "Clicks that are not stored wait in Valkey."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--alive", type=Path, metavar="FILE", help="touch this file in every round"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # A new name for each process: what a killed one left is taken over when its lease ends.
        reader = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        stream = ClickStream(settings.CLICKS_URL, reader=reader, lease=settings.CLICKS_LEASE)
        consumer = Consumer(stream, alive=options["alive"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: consumer.stop())
        consumer.run()
