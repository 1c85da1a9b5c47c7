"""The inspection of pages finds each text of too little contrast, and passes over none it met."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.inspection import faults_of, prepare

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
# A text of each kind that an element can have: its own, a field's, on a parent's ground.
BODY = """<!doctype html><html lang="en"><title>Texts</title><meta name="viewport"
content="width=device-width"><style>body { background: #fff; color: #111 } %s
</style><main><h1>Texts</h1><p>A text</p><p class="one">Another</p>
<div class="ground"><p>On a ground</p></div><label>Name <input value="Mara"></label></main>
</html>"""
ALIKE = """<h1>Texts</h1><div class="row"><p class="one">Covered</p><i></i></div>
<div class="row"><p class="one">Open</p></div>"""


@pytest.fixture
def faults(open_page: OpenPage) -> Callable[[str], list[str]]:
    """What is found when the page has one more style."""
    page = prepare(open_page())

    def found(style: str = "") -> list[str]:
        page.goto("about:blank")
        page.set_content(BODY % style)
        return faults_of(page, "texts")

    assert found() == []  # from here on all its looks are known
    assert found() == []
    return found


def test_a_text_that_is_faint_is_found_each_time(faults: Callable[[str], list[str]]) -> None:
    for style, what in (
        (".one { color: #bbb }", "Another"),
        (".ground { background: #444 }", "On a ground"),
        (".one { opacity: .3 }", "Another"),
        ("main { opacity: .3 }", "Texts"),
        ("input { color: #ccc }", "Mara"),
        ("p + .ground > p { color: #999; font-size: 12px }", "On a ground"),
    ):
        for _ in range(2):
            found = [fault for fault in faults(style) if what in fault and "contrast" in fault]
            assert (style, len(found)) == (style, 2), "in light and in the dark"


def test_a_text_that_is_faint_in_the_dark_alone_is_found(
    faults: Callable[[str], list[str]],
) -> None:
    [fault] = faults("@media (prefers-color-scheme: dark) { .one { color: #ccc } }")

    assert fault.startswith('texts: too little contrast in the dark: <p class="one">Another</p>')


def test_where_nothing_can_be_said_of_one_text_its_like_is_measured(open_page: OpenPage) -> None:
    """Something lies over the first of two that look alike."""
    page = prepare(open_page())
    page.goto("about:blank")
    page.set_content(
        BODY % ".one { color: #ccc } .row { position: relative }"
        " i { position: absolute; inset: 0; background: linear-gradient(#000, #111) }"
    )
    page.locator("main").evaluate("(main, inner) => { main.innerHTML = inner; }", ALIKE)

    light, dark = faults_of(page, "texts")

    assert light.startswith('texts: too little contrast: <p class="one">Open</p>')
    assert dark.startswith('texts: too little contrast in the dark: <p class="one">Open</p>')


def test_what_moves_for_ever_is_found_though_less_motion_was_asked_for(
    faults: Callable[[str], list[str]],
) -> None:
    blink = "@keyframes blink { to { opacity: .9 } } .one { animation: blink 1ms %s }"
    assert faults(blink % "1") == []

    [fault] = faults(blink % "infinite alternate")

    assert fault.startswith('texts: moves for ever: <p class="one">Another</p>')


STACKED = """<h1>Texts</h1><header>Bar</header><div class="veil"><div class="veil">
<p>In two</p></div></div><div class="veil"><p>In one</p></div><footer>Foot</footer>
<p class="up">Pulled up</p>"""


def test_what_a_text_stands_in_is_counted_each_time_it_is_met(open_page: OpenPage) -> None:
    """Two half-transparent boxes, a bar that stays on top, and a text that lies over another."""
    page = prepare(open_page())

    def found(style: str) -> list[str]:
        page.goto("about:blank")
        page.set_content(BODY % style)
        page.locator("main").evaluate("(main, inner) => { main.innerHTML = inner; }", STACKED)
        return [fault for fault in faults_of(page, "texts") if "contrast" in fault]

    def alike(style: str, text: str) -> None:
        for _ in range(2):
            light, dark = found(style)
            assert f">{text}<" in light, style
            assert f">{text}<" in dark, style

    assert found("") == found(".veil { background: #fff8 }") == []
    # Dark grey is legible on half of a black, and not on three quarters of it.
    alike(".veil { background: #0004; color: #333 }", "In two")
    alike(".veil { opacity: .8; color: #444 }", "In two")
    assert found("header { position: sticky; top: 0; background: #fff }") == []
    alike("header { position: sticky; top: 0; background: #444 }", "Bar")
    alike("header { position: sticky; top: 0; background: #fff; opacity: .4 }", "Bar")
    foot = "footer { background: #444; color: #fff; height: 60px } .up { margin: 0; %s }"
    for moved in ("margin-top: -50px", "position: relative; top: -50px", "translate: 0 -50px"):
        assert found(foot % "") == []
        alike(foot % moved, "Pulled up")


def test_a_large_text_may_be_fainter_than_a_small_one(faults: Callable[[str], list[str]]) -> None:
    grey = ".one { color: #888; font-size: %s }"
    assert faults(grey % "24px") == []
    for size in ("23px", "17px"):
        for _ in range(2):
            assert len(faults(grey % size)) == 2, "in light and in the dark"
    assert faults((grey + ".one { font-weight: bold }") % "19px") == []
    assert len(faults((grey + ".one { font-weight: bold }") % "18px")) == 2
