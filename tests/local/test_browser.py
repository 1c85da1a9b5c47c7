"""Browser tests take whichever Chromium is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import browser


def put(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    return place


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH, with nothing in it; macOS has no browser either."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(browser, "ON_MACOS", (tmp_path / "Applications/Chrome",))
    return folder


@pytest.mark.parametrize(
    "name", ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
)
def test_any_that_the_system_has_is_taken_before_that_of_playwright(name: str, bare: Path) -> None:
    own = put(bare.parent / "playwright/chrome")

    assert browser.find_chromium(of_playwright=own) == own
    system = put(bare / name)
    assert browser.find_chromium(of_playwright=own) == system


def test_debians_own_comes_first(bare: Path) -> None:
    put(bare / "google-chrome")
    debian = put(bare / "chromium")

    assert browser.find_chromium(of_playwright=bare / "none") == debian


def test_macos_keeps_it_elsewhere(bare: Path) -> None:
    application = put(bare.parent / "Applications/Chrome")

    assert browser.find_chromium(of_playwright=bare / "none") == application


def test_there_may_be_none(bare: Path) -> None:
    assert browser.find_chromium(of_playwright=bare / "none") is None


def test_without_one_a_test_is_skipped_and_in_ci_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make browser"):
        browser.go_without()

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make browser"):
        browser.go_without()
