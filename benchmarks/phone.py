"""Load a page like a mid-range phone on fast 3G, and rate it with Lighthouse.

The profile is a processor four times slower and fast 3G, which is 150 ms there and back and
1.6 Mbit/s down, as DevTools lays it on every request: 562.5 ms to its answer (3.75 round trips, for
the connection that it doesn't emulate), nine tenths of the rate.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright

from benchmarks.figures import show
from benchmarks.served import AS_PROXIED
from config.local.folders import CHECKOUT

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"]
PHONE = {
    "viewport": {"width": 412, "height": 823},
    "device_scale_factor": 1.75,
    "is_mobile": True,
    "has_touch": True,
}
CPU_SLOWDOWN = 4
FAST_3G = {
    "offline": False,
    "latency": 562.5,  # milliseconds
    "downloadThroughput": 1.6e6 / 8 * 0.9,  # bytes a second
    "uploadThroughput": 0.75e6 / 8 * 0.9,
}
SETTLE_MILLISECONDS = 2_500  # milliseconds after loading, for paints and shifts that come late
OBSERVE = """
window.seen = { paint: 0, shift: 0 };
new PerformanceObserver(list => { for (const one of list.getEntries()) seen.paint = one.startTime })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver(list => { for (const one of list.getEntries())
    if (!one.hadRecentInput) seen.shift += one.value })
  .observe({ type: "layout-shift", buffered: true });
"""
LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices")


@dataclass(frozen=True)
class Visit:
    """One first load: bytes and requests on the wire, and what the browser saw (milliseconds)."""

    bytes: int
    requests: int
    largest_paint: float
    shift: float


def opened(url: str, chromium: str, *, times: int) -> list[Visit]:
    """Open `url` that often, each time for the first time."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        _visit(browser, url)  # the browser's own first time
        visits = [_visit(browser, url) for _ in range(times)]
        browser.close()
    return visits


def _visit(browser: Browser, url: str) -> Visit:
    context = browser.new_context(**PHONE, extra_http_headers=AS_PROXIED)  # type: ignore[arg-type]
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", FAST_3G)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    sizes = _sizes(devtools)
    page.add_init_script(OBSERVE)
    page.goto(url, wait_until="load")
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    seen = page.evaluate("seen")
    context.close()
    return Visit(sum(sizes.values()), len(sizes), seen["paint"], seen["shift"])


def _sizes(devtools: CDPSession) -> dict[str, int]:
    """Filled while the page loads: what each request took, headers and all."""
    sizes: dict[str, int] = {}

    def finished(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = int(event["encodedDataLength"])

    devtools.on("Network.loadingFinished", finished)
    return sizes


def lighthouse(url: str, chromium: str) -> None:
    """Show its scores with its phone settings, and the failed audits."""
    if shutil.which("npm") is None:
        show("Lighthouse", "skipped: it needs Node with npm")
        return
    home = CHECKOUT.state / "lighthouse"
    if not (home / "node_modules" / "lighthouse").exists():
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        installed = subprocess.run([*install, "--prefix", str(home), LIGHTHOUSE], check=False)
        if installed.returncode:
            show("Lighthouse", "skipped: npm could not install it")
            return
    for name, score, faults in _scores(url, chromium, str(home)):
        show(f"Lighthouse, {name} (100)", f"{score}{faults}")


def _scores(url: str, chromium: str, home: str) -> list[tuple[str, int, str]]:
    command = [
        f"{home}/node_modules/.bin/lighthouse", url, "--quiet", "--output=json",
        f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={json.dumps(AS_PROXIED)}",
        f"--chrome-flags=--headless=new {' '.join(ARGUMENTS)}",
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": chromium}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    report = json.loads(ran.stdout)
    return [
        (name, round(report["categories"][name]["score"] * 100), _faults(report, name))
        for name in CATEGORIES
    ]


def _faults(report: dict[str, Any], category: str) -> str:
    """The audits that count and are not passed."""
    counted = [ref["id"] for ref in report["categories"][category]["auditRefs"] if ref["weight"]]
    failed = [
        f"{name} {report['audits'][name].get('displayValue', '')}".strip()
        for name in counted
        if (report["audits"][name]["score"] or 0) < 1
        and report["audits"][name]["scoreDisplayMode"] not in {"notApplicable", "manual"}
    ]
    return f" ({'; '.join(failed)})" if failed else ""
