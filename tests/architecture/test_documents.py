"""The documents tell the truth about the tree: every path they name is there."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import EVERY_SCOPE
from api.reports import TAG
from tests.architecture.source import ROOT, our_files, relative

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *(relative(path) for path in sorted((ROOT / "docs").rglob("*.md"))),
]
MAX_RECORD_LINES = 40  # one screen
NAMED = re.compile(r"`([^`\s]+)`")
LINKED = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
INSIDE = re.compile(r"([\w./-]+\.py)::?(\w+)")


def paths_in(text: str) -> set[str]:
    """What a document names as a path of ours: in backticks, or as a link."""
    top = {relative(path).split("/")[0] for path in our_files()}
    ticked = {name.rstrip("/") for name in NAMED.findall(text)}
    named = {name for name in ticked if name.split("/")[0] in top and "=" not in name}
    linked = {name for name in LINKED.findall(text) if "://" not in name}
    return {name.split(":")[0] for name in named | linked}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(document: str) -> None:
    place = ROOT / document
    named = paths_in(place.read_text())

    missing = {
        name for name in named if not list(ROOT.glob(name)) and not (place.parent / name).exists()
    }

    assert missing == set()


def test_the_search_finds_paths() -> None:
    assert {"config/local", "docs/architecture.md"} <= paths_in((ROOT / "README.md").read_text())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_inside_a_file_is_there(document: str) -> None:
    for path, name in INSIDE.findall((ROOT / document).read_text()):
        declared = re.compile(rf"^(def |class )?{name}\b", re.MULTILINE)
        assert declared.search((ROOT / path).read_text()), f"{path}:{name}"


def test_every_rule_names_its_check() -> None:
    lines = (ROOT / "docs/rules.md").read_text().splitlines()
    rows = [line.split("|")[1:3] for line in lines if line.startswith("| ")]

    assert len(rows) > 90
    rows = [row for row in rows if row not in ([" rule ", " check "], [" --- ", " --- "])]
    assert [rule for rule, check in rows if "`" not in check] == []


def test_every_make_target_that_a_document_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))

    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"`make ([a-z]+)`", (ROOT / document).read_text())
    }

    assert named
    assert named <= targets


def test_the_api_page_lists_every_noun() -> None:
    paths = Client().get("/api/v1/openapi.json").json()["paths"]
    by_noun = {
        path.split("/")[3]
        for path, operations in paths.items()
        for one in operations.values()
        if one["tags"] != [TAG]
    }
    rows = [
        line.split("|")[1:3]
        for line in (ROOT / "docs/api.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    listed = {name for nouns, _ in rows for name in NAMED.findall(nouns)}
    also = {name for _, changes in rows for name in NAMED.findall(changes)}

    assert by_noun - listed == {"adjustments", "write-offs"} <= also
    assert listed - by_noun == set()


def test_the_readme_lists_every_scope_of_a_key() -> None:
    [scopes] = re.findall(r"--scopes ([a-z,]+)", (ROOT / "README.md").read_text())

    assert scopes.split(",") == EVERY_SCOPE


def test_the_locked_requirements_name_no_host() -> None:
    """Where packages come from is the reader's own setting."""
    for path in (ROOT / "requirements").iterdir():
        assert "://" not in path.read_text(), relative(path)


def test_a_record_of_a_decision_is_one_screen_with_its_three_parts() -> None:
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert len(records) >= 10
    for record in records:
        lines = record.read_text().splitlines()
        assert len(lines) <= MAX_RECORD_LINES, record.name
        heads = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
        assert heads[:3] == ["Context", "Decision", "Consequences"], record.name


def test_what_runs_before_a_commit_is_here_already() -> None:
    """Local hooks alone: nothing of them comes from the network."""
    text = (ROOT / ".pre-commit-config.yaml").read_text()

    assert re.findall(r"repo: (\S+)", text) == ["local"]
    assert re.findall(r"language: (\S+)", text) == ["system"] * text.count("- id:")
    assert "://" not in text


def test_the_map_is_two_pages() -> None:
    assert len((ROOT / "docs/architecture.md").read_text().splitlines()) <= 2 * 55
