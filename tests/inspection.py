"""Check a page on a desktop and a phone, in light and dark, and for accessibility.

A page answers the same to every screen, so each is loaded once and shown on both: whole on the one
that it is opened on, and on the other what another width changes, which is the layout alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page

from tests.contrast import illegible_texts
from tests.journeys.devices import DESKTOP, PHONE

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Axe describes each element that passed a rule, unless it is asked for what is wrong alone, and
# searches for a selector of each that it describes, although the report shows its HTML.
WHAT_IS_WRONG = {"resultTypes": ["violations"], "iframes": False, "selectors": False}
# Contrast is measured apart: see tests.contrast. The other rules are all that another language can
# change: names and labels, which may become alike.
ALL_BUT_CONTRAST = WHAT_IS_WRONG | {
    "runOnly": STANDARDS,
    # WCAG 2.5.3: who speaks to a page says what stands on a button. Axe runs this one if asked.
    "rules": {
        "color-contrast": {"enabled": False}, "label-content-name-mismatch": {"enabled": True},
    },
}  # fmt: skip
# What another width can change about a page whose markup and colours were looked at.
LAYOUT = WHAT_IS_WRONG | {
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
}
RUN = """options => axe.run(document, options).then(found => found.violations.map(one => ({
    rule: one.id, help: one.help, nodes: one.nodes.map(node => node.html.slice(0, 160) + " ("
        + node.failureSummary.split("\\n").slice(1, 3).join(";").trim() + ")") })))"""
# All that is asked of a page at one width. One call does it, as to ask takes longer than to answer.
LAID_OUT = """width => {
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];
    const style = element => getComputedStyle(element);
    // The innermost elements that reach beyond the screen, unless something scrolls or clips them.
    const beyond = () => {
        const free = box => box === document.body
            || style(box).overflowX === "visible" && free(box.parentElement);
        const wide = all("body *").filter(
            element => element.getBoundingClientRect().right > width + 1 && free(element));
        const others = element => wide.filter(other => other !== element);
        return wide.filter(element => !others(element).some(other => element.contains(other)))
            .slice(0, 3).map(element => element.outerHTML.slice(0, 160));
    };
    // Labels under a chart that run into one another.
    const colliding = all(".chart-labels").filter(axis => {
        const boxes = all("text", axis).filter(text => text.getClientRects().length)
            .map(text => text.getBoundingClientRect());
        return boxes.some((box, at) => at && box.left < boxes[at - 1].right + 2);
    }).map(axis => axis.textContent);
    // Choices that stand out of the box that is drawn around them.
    const stickingOut = all(".segmented").filter(box => style(box).overflowX === "visible"
        && [...box.children].some(one =>
            one.getBoundingClientRect().right > box.getBoundingClientRect().right + 0.5))
        .map(box => box.textContent.trim());
    // Texts that have so little room that their words are broken into letters.
    const squeezed = all("main :is(h1, h2, h3, b, th, td, dt, dd, a, p)").filter(element => {
        if (element.offsetHeight < 60) return false;  // of three lines at least
        const range = document.createRange();
        range.selectNodeContents(element);
        const tops = [...range.getClientRects()].map(one => Math.round(one.top));
        const words = element.textContent.split(/[^\\p{L}\\p{N}]+/u).filter(Boolean);
        return words.length && new Set(tops).size > 2 * words.length + 1;
    }).map(element => element.textContent.trim().slice(0, 60));
    // Markup that HTML does not allow: a form or a block inside of what holds words alone, and a
    // name for what has no role. Nu Html Checker (https://validator.github.io/validator/) finds
    // more.
    const invalid = all(":is(span, p, button, label, h1, h2, h3, h4)"
        + " :is(form, div, ul, ol, table, p), pre[aria-label]:not([role]), summary :is(form, div)")
        .map(element => element.outerHTML.slice(0, 160));
    // What moves for ever, although the reader asked for less motion.
    const endless = document.getAnimations()
        .filter(one => one.effect.getComputedTiming().endTime === Infinity)
        .map(one => one.effect.target.outerHTML.slice(0, 160));
    const {scrollWidth, scrollHeight} = document.documentElement;
    return {needed: scrollWidth, beyond: scrollWidth > width ? beyond() : [], colliding,
        stickingOut, squeezed, invalid, endless, height: scrollHeight};
}"""
# How far down a page has opened, once it is laid out and painted.
SCROLLED = """() => new Promise(done => requestAnimationFrame(
    () => requestAnimationFrame(() => done(scrollY))))"""
NARROWEST = 320
# Of a phone, for a page of the brand admin that was opened by its address. In the brand of these
# tests something of every kind needs the staff, in two currencies, and some names are very long.
# The steps to a shop have pictures.
MAX_SCREENS = 3
LONGER = {  # by the end of the address
    "juniper/": 4.5, "/audit-log/": 4, r"/test/\d+/": 3.5, "/new/shopify/": 4.2,
    "/new/stripe/": 3.4,
}  # fmt: skip
_sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


@cache
def axe_script() -> str:
    return Axe().axe_script


def prepare(page: Page, *, is_shown_on_both: bool = False, is_translated: bool = False) -> Page:
    """Load axe into every page that is opened, and begin in light.

    `is_shown_on_both`: what is open is looked at on a desktop and on a phone. `is_translated` is
    for pages that another test looks at in English: only what a language changes.
    """
    page.add_init_script(axe_script())
    page.add_init_script(f"window.isShownOnBoth = {str(is_shown_on_both).lower()}")
    page.add_init_script(f"window.isTranslated = {str(is_translated).lower()}")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return page


def faults_of(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open: axe in light and dark, and overflow if narrow.

    A click that led here has waited for the page to begin, not for the whole of it.
    """
    page.wait_for_load_state()
    # The page stands at its top, so that nothing is under the bar that stays there.
    found = page.evaluate("(scrollTo(0, 0), {isShownOnBoth, isTranslated})")
    faults = _violations(page, ALL_BUT_CONTRAST)
    if not found["isTranslated"]:
        faults += [f"too little contrast: {text}" for text in illegible_texts(page)]
        page.emulate_media(color_scheme="dark")
        faults += [f"too little contrast in the dark: {text}" for text in illegible_texts(page)]
        page.emulate_media(color_scheme="light")
    size = page.viewport_size
    assert size is not None
    own, other = (PHONE, DESKTOP) if size["width"] < 500 else (DESKTOP, PHONE)
    faults += _overflow(page, name, own | size)
    if found["isShownOnBoth"]:
        show_on(page, other)
        page.evaluate("scrollTo(0, 0)")
        faults += _violations(page, LAYOUT)
        faults += _overflow(page, name, other)
    if found["isShownOnBoth"] or own is PHONE:
        show_on(page, own | size)
    return [f"{name}: {fault}" for fault in dict.fromkeys(faults)]


def show_on(page: Page, device: Mapping[str, Any]) -> None:
    """Show what is open on another device, as Playwright would have opened it there."""
    if page not in _sessions:
        _sessions[page] = page.context.new_cdp_session(page)
    chromium, is_phone = _sessions[page], "is_mobile" in device
    size = {"width": device["width"], "height": device["height"]}
    chromium.send(
        "Emulation.setDeviceMetricsOverride",
        {**size, "screenWidth": size["width"], "screenHeight": size["height"],
         "deviceScaleFactor": 1, "mobile": is_phone},
    )  # fmt: skip
    # Chromium turns off only what the same session has turned on.
    chromium.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    if not is_phone:
        chromium.send("Emulation.setTouchEmulationEnabled", {"enabled": False})


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = page.evaluate(RUN, options)
    return [
        f"{one['rule']} ({one['help']}) at {len(one['nodes'])}: {one['nodes'][0]}" for one in found
    ]


def _too_long(height: int, name: str, device: Mapping[str, Any]) -> list[str]:
    """Whether a page of the brand admin is longer on a phone than a manager scrolls down."""
    if device["width"] != PHONE["width"] or not name.startswith("/admin/"):
        return []
    ends = (most for end, most in LONGER.items() if re.search(f"{end}$", name))
    most = next(ends, MAX_SCREENS)
    screens = height / device["height"]
    return [f"{screens:.1f} screens long"] if screens > most else []


def _overflow(page: Page, name: str, device: Mapping[str, Any]) -> list[str]:
    """Whether the page scrolls sideways, on a phone at the narrowest width as well."""
    own, faults = device["width"], []
    for width in (own, NARROWEST) if own < 500 else (own,):
        if width != own:
            show_on(page, {**device, "width": width})
        found = page.evaluate(LAID_OUT, width)
        if found["needed"] > width:
            faults.append(f"needs {found['needed']} px at {width}: {' … '.join(found['beyond'])}")
        faults += [f"moves for ever: {text}" for text in found["endless"]]
        faults += [f"invalid: {text}" for text in found["invalid"]]
        faults += [f"axis at {width}: {text}" for text in found["colliding"]]
        if width == own:  # on the narrowest screen, long words in tables may break
            faults += [f"squeezed at {width}: {text}" for text in found["squeezed"]]
            faults += _too_long(found["height"], name, device)
        faults += [f"choices at {width}: {text}" for text in found["stickingOut"]]
    return faults
