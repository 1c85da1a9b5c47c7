"""The contrast of every text on a page, each distinct look measured once.

Axe takes as long for contrast as for all its other rules, and most texts of a page look like texts
of a page that was measured before. A look is all that decides how legible a text is: the screen's
width and colours, the text's own style, and whatever the elements that it stands in paint. An
element that may lie over others, such as a bar that stays on top, is told by its class as well.

A look is known once axe passed it, or said that the picture behind it, which is a part of the look,
keeps it from judging. A text that it found illegible, left out or could not judge for another
reason is measured again wherever it stands.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Sets `looks`: for each look of the page, named by a hash, the elements that have it. Left out is
# what axe never reports: boxes to tick, a single character, and what is hidden or clipped away.
FIND_LOOKS = """() => {
    const screen = `${innerWidth} ${matchMedia("(prefers-color-scheme: dark)").matches}`;
    const isClear = colour => colour === "rgba(0, 0, 0, 0)";
    const isMoved = style => style.zIndex !== "auto"
        || style.transform !== "none" || style.translate !== "none"
        || style.position === "relative" && (style.top !== "0px" || style.left !== "0px")
        || style.marginTop.startsWith("-") || style.marginLeft.startsWith("-");
    // What an element does to the texts in it: nothing, if it paints nothing and is in its place.
    const done = (element, style) => [
        isClear(style.backgroundColor) ? "" : style.backgroundColor,
        ...[style.backgroundImage, style.filter].filter(one => one !== "none"),
        style.opacity === "1" ? "" : style.opacity,
        style.mixBlendMode === "normal" ? "" : style.mixBlendMode,
        ["static", "relative"].includes(style.position) && !isMoved(style) ? ""
            : `${style.position} ${element.getAttribute("class")}`,
    ].filter(Boolean).join(" ");
    const painted = new Map([[document, screen]]);
    const surroundings = element => {
        if (!painted.has(element)) {
            const own = done(element, getComputedStyle(element));
            painted.set(element, surroundings(element.parentNode) + (own && ` in ${own}`));
        }
        return painted.get(element);
    };
    // Up to 18 px a text is a small one, be it bold or not: it needs as much contrast as any other.
    const size = style => parseFloat(style.fontSize) < 18 ? "small"
        : `${style.fontSize} ${style.fontWeight}`;
    const hash = text => {
        let [one, other] = [0xdeadbeef, 0x41c6ce57];
        for (let at = 0; at < text.length; at++) {
            one = Math.imul(one ^ text.charCodeAt(at), 2654435761);
            other = Math.imul(other ^ text.charCodeAt(at), 1597334677);
        }
        return `${one >>> 0} ${other >>> 0}`;
    };
    const isWritten = element =>
        element.matches("input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea")
        || [...element.childNodes].filter(node => node.nodeType === 3)
            .map(node => node.data).join("").trim().length > 1;
    const isSeen = (element, style) => {
        const box = element.getBoundingClientRect();
        return element.checkVisibility({visibilityProperty: true}) && box.bottom > 0
            && box.right > 0 && style.clipPath !== "inset(50%)";
    };
    window.looks = new Map();
    for (const element of document.querySelectorAll("body, body *")) {
        const style = getComputedStyle(element);
        if (isWritten(element) && isSeen(element, style)) {
            const look = hash([surroundings(element), style.color, size(style), style.textShadow,
                style.textIndent, element.type, element.value === ""].join(" "));
            looks.set(look, [...looks.get(look) ?? [], element]);
        }
    }
    return [...looks.keys()];
}"""
# Measures one element of each look; if that one decides nothing, all others of the look as well.
# Returns null if a part of the page was replaced since its looks were found.
MEASURE = """async decidedBefore => {
    const options = {resultTypes: ["violations", "passes", "incomplete"], iframes: false,
        elementRef: true, selectors: false, runOnly: {type: "rule", values: ["color-contrast"]}};
    const nodes = results => results.flatMap(one => one.nodes);
    const standsOnPicture = node =>
        ["bgImage", "bgGradient"].includes(node.any[0]?.data?.messageKey);
    const faults = [];
    const measure = async elements => {
        const found = await axe.run({include: elements}, options);
        faults.push(...nodes(found.violations));
        return new Set([...nodes(found.passes), ...nodes(found.incomplete)
            .filter(standsOnPicture)].map(node => node.element));
    };
    const before = new Set(decidedBefore);
    const fresh = [...looks].filter(([look]) => !before.has(look));
    if (!fresh.every(([, elements]) => elements[0].isConnected)) return null;
    const decided = await measure(fresh.map(([, elements]) => elements[0]));
    const open = fresh.filter(([, elements]) => !decided.has(elements[0]))
        .flatMap(([, elements]) => elements.slice(1)).filter(element => element.isConnected);
    if (open.length) await measure(open);
    const known = fresh.filter(([, [first]]) => decided.has(first)).map(([look]) => look);
    return {known, faults: faults.map(node => node.html.slice(0, 160) + " ("
        + node.failureSummary.split("\\n").slice(1, 3).join(";").trim() + ")")};
}"""
TRIES = 20  # to find the looks of a page that loads parts of itself anew
_known: set[str] = set()  # the looks that are known to this process


def illegible_texts(page: Page) -> list[str]:
    """What axe says of each text of too little contrast, as the page is shown just now."""
    for _ in range(TRIES):
        looks = page.evaluate(FIND_LOOKS)
        if _known.issuperset(looks):
            return []
        found: dict[str, Any] | None = page.evaluate(
            MEASURE, [one for one in looks if one in _known]
        )
        if found is not None:
            _known.update(found["known"])
            faults: list[str] = found["faults"]
            return faults
    raise AssertionError(f"a part of the page was replaced {TRIES} times")
