"""Check a page at every width, in light and dark, and for accessibility."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.contrast import illegible_texts

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Axe describes each element that passed a rule, unless it is asked for what is wrong alone, and
# searches for a selector of each that it describes, although the report shows its HTML.
WHAT_IS_WRONG = {"resultTypes": ["violations"], "iframes": False, "selectors": False}
# Contrast is measured apart: see tests.contrast. The other rules are all that another language can
# change: names and labels, which may become alike.
ALL_BUT_CONTRAST = WHAT_IS_WRONG | {
    "runOnly": STANDARDS, "rules": {"color-contrast": {"enabled": False}},
}  # fmt: skip
# What another width can change about a page whose markup and colours were looked at before.
LAYOUT = WHAT_IS_WRONG | {
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
}
RUN = """options => axe.run(document, options).then(found => found.violations.map(one => ({
    rule: one.id, help: one.help, nodes: one.nodes.map(node => node.html.slice(0, 160) + " ("
        + node.failureSummary.split("\\n").slice(1, 3).join(";").trim() + ")") })))"""
# The innermost elements that reach beyond the screen, unless something scrolls or clips them.
BEYOND = """width => {
    const free = box => box === document.body
        || getComputedStyle(box).overflowX === "visible" && free(box.parentElement);
    const wide = [...document.querySelectorAll("body *")].filter(
        element => element.getBoundingClientRect().right > width + 1 && free(element));
    return wide.filter(element => !wide.some(other => other !== element && element.contains(other)))
        .slice(0, 3).map(element => element.outerHTML.slice(0, 160)); }"""
# Labels under a chart that run into one another.
COLLIDING = """() => [...document.querySelectorAll(".chart-labels")].flatMap(axis => {
    const boxes = [...axis.querySelectorAll("text")].map(text => text.getBoundingClientRect());
    const collide = boxes.some((box, at) => at && box.left < boxes[at - 1].right + 2);
    return collide ? [axis.textContent] : [];
})"""
# Choices that stand out of the box that is drawn around them.
STICKING_OUT = """() => [...document.querySelectorAll(".segmented")].filter(box =>
    getComputedStyle(box).overflowX === "visible" && [...box.children].some(
        one => one.getBoundingClientRect().right > box.getBoundingClientRect().right + 0.5))
    .map(box => box.textContent.trim())"""
# What moves for ever, although the reader asked for less motion.
ENDLESS = """() => document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime === Infinity)
    .map(one => one.effect.target.outerHTML.slice(0, 160))"""
# How far down a page has opened, once it is laid out and painted.
SCROLLED = """() => new Promise(done => requestAnimationFrame(
    () => requestAnimationFrame(() => done(scrollY))))"""
NARROWEST = 320


@cache
def axe_script() -> str:
    return Axe().axe_script


def prepare(page: Page, *, differs_by: Literal["", "width", "language"] = "") -> Page:
    """Load axe into every page that is opened, and begin in light.

    `differs_by` is for pages that another test looks at closely, at another width or in English:
    only what a width or a language changes.
    """
    page.add_init_script(axe_script())
    page.add_init_script(f"window.differsBy = '{differs_by}'")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return page


def faults_of(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open: axe in light and dark, and overflow if narrow.

    A click that led here has waited for the page to begin, not for the whole of it.
    """
    page.wait_for_load_state()
    page.evaluate("scrollTo(0, 0)")  # from under the bar that stays on top
    differs_by = page.evaluate("window.differsBy")
    faults = _violations(page, LAYOUT if differs_by == "width" else ALL_BUT_CONTRAST)
    if not differs_by:
        faults += [f"too little contrast: {text}" for text in illegible_texts(page)]
        page.emulate_media(color_scheme="dark")
        faults += [f"too little contrast in the dark: {text}" for text in illegible_texts(page)]
        page.emulate_media(color_scheme="light")
    faults += _overflow(page)
    faults += [f"moves for ever: {text}" for text in page.evaluate(ENDLESS)]
    return [f"{name}: {fault}" for fault in faults]


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = page.evaluate(RUN, options)
    return [
        f"{one['rule']} ({one['help']}) at {len(one['nodes'])}: {one['nodes'][0]}" for one in found
    ]


def _overflow(page: Page) -> list[str]:
    """Whether the page scrolls sideways, on a phone at the narrowest width as well."""
    size = page.viewport_size
    assert size is not None
    own = size["width"]
    faults = []
    for width in (own, NARROWEST) if own < 500 else (own,):
        if width != own:
            page.set_viewport_size({"width": width, "height": size["height"]})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            beyond = page.evaluate(BEYOND, width)
            faults.append(f"needs {needed} px at {width}: {' … '.join(beyond)}")
        faults += [f"axis at {width}: {text}" for text in page.evaluate(COLLIDING)]
        faults += [f"choices at {width}: {text}" for text in page.evaluate(STICKING_OUT)]
    page.set_viewport_size(size)
    return faults
