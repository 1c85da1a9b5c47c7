"""The documents tell the truth about the tree: every path they name is there."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT, our_files, relative

DOCUMENTS = ["README.md", "docs/architecture.md"]
NAMED = re.compile(r"`([^`\s]+)`")
LINKED = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TEST = re.compile(r"\btests/[\w/]+\.py(?:::(\w+))?")


def paths_in(text: str) -> set[str]:
    """What a document names as a path: in backticks with a slash or an ending, or as a link."""
    ticked = {name.rstrip("/") for name in NAMED.findall(text)}
    top = {relative(path).split("/")[0] for path in our_files()}
    named = {name for name in ticked if name.split("/")[0] in top and "=" not in name}
    linked = {name for name in LINKED.findall(text) if "://" not in name}
    return {name.split("::")[0] for name in named | linked}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(document: str) -> None:
    place = ROOT / document
    text = place.read_text()
    named = paths_in(text)

    missing = {
        name for name in named if not list(ROOT.glob(name)) and not (place.parent / name).exists()
    }

    assert named, f"{document} names no path at all"
    assert missing == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_exists(document: str) -> None:
    for match in TEST.finditer((ROOT / document).read_text()):
        path, name = match[0].split("::")[0], match[1]
        assert (ROOT / path).exists(), match[0]
        if name:
            assert f"def {name}(" in (ROOT / path).read_text(), match[0]


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


def test_no_document_names_a_machine() -> None:
    """No path of one machine, and no host but those that are nobody's."""
    own = re.compile(r"(?<!\w)/work/|/root/\.|pypi\.|files\.pythonhosted|registry\.npm")

    assert [
        relative(path)
        for path in our_files()
        if path.suffix in {".py", ".md", ".toml", ".yml", ".txt", ".in", ".html", ".js", ".css"}
        and path.name != "test_documents.py"
        and own.search(path.read_text())
    ] == []
