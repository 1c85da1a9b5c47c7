"""Wait until the web server answers, then print the addresses to open."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request

WAIT_SECONDS = 60


def answers(address: str, *, seconds: float = 5) -> bool:
    """Whether a GET of `address` is answered with success within `seconds`."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=seconds) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def announce(base_url: str, addresses: str) -> None:
    """Print `addresses` once the site at `base_url` is up, or that it never was."""
    deadline = time.monotonic() + WAIT_SECONDS
    pause = 0.05
    while not answers(f"{base_url}/healthz"):
        if time.monotonic() > deadline:
            print(f"{base_url}/healthz doesn't answer; see the lines above.", file=sys.stderr)
            return
        time.sleep(pause)
        pause = min(2 * pause, 2)  # a server that answers with an error says so in its log
    print(f"\n{addresses}\nStop with Ctrl-C.\n", flush=True)
