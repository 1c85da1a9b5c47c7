"""Publishes messages as the web process does: `python -m tests.faults.publisher`.

For each line it reads, a number, it publishes so many messages; it prints how many were taken, and
how many seconds that lasted.
"""

from __future__ import annotations

import json
import os
import sys
import time

import django


def main() -> None:
    os.environ["TRIBUTARY_PROCESS"] = "web"
    django.setup()
    from core.broker import publish  # Django is set up first

    for line in sys.stdin:
        begun = time.monotonic()
        taken = sum(publish("notifications.sweep") for _ in range(int(line)))
        answer = json.dumps([taken, time.monotonic() - begun])
        print(answer, flush=True)  # noqa: T201 - so it answers


if __name__ == "__main__":
    main()
