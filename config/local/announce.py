"""Wait until the web server answers, then print the addresses to open."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request

WAIT_SECONDS = 60


def answers(address: str) -> bool:
    """Whether a GET of `address` is answered with success."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(base_url: str) -> int:
    """Print the addresses of the site at `base_url` once it is up; 1 if it never is."""
    deadline = time.monotonic() + WAIT_SECONDS
    pause = 0.05
    while not answers(f"{base_url}/healthz"):
        if time.monotonic() > deadline:
            print(f"{base_url}/healthz doesn't answer; see the lines above.", flush=True)
            return 1
        time.sleep(pause)
        pause = min(2 * pause, 2)  # a server that answers with an error says so in its log
    command = [sys.executable, "manage.py", "addresses", "--base-url", base_url]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"\n{listed.stdout or listed.stderr}\nStop with Ctrl-C.\n", flush=True)
    return listed.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
