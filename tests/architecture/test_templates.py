"""What a page may hold: nothing inline, and nothing from another host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.urls import URLResolver, get_resolver

from tests.architecture.source import our_files, relative, templates

# Mail clients know no stylesheet but one inside the mail, and drop scripts anyway.
MAILS = re.compile(r"templates/notifications/.*|templates/.*/email/.*")
# A block of JSON is data, which no browser runs: allauth's script reads what it needs from one.
INLINE = re.compile(
    r"<style\b|\sstyle\s*=|<script\b(?![^>]*(?:\bsrc=|\stype=\"application/json\"))|\son[a-z]+\s*=\s*[\"']|javascript:",
    re.IGNORECASE,
)
# A namespace is a name and not an address.
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml")
ELSEWHERE = re.compile(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
# The frame of a mail: its body was laid out and cleaned when the send was confirmed.
CLEANED = {"templates/notifications/layout.html"}
SAFE = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off")
COMMENT = re.compile(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", re.DOTALL)
LOADED = {".css", ".js", ".svg"}
NAMED = re.compile(r"{%\s*url\s+\"([\w:]+)\"")
MAX_LINE_LENGTH = 160


def pages() -> list[Path]:
    return [path for path in templates() if path.suffix == ".html"]


def text_of(path: Path) -> str:
    text = COMMENT.sub("", path.read_text())
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")
    return text


def is_mail(path: Path) -> bool:
    return bool(MAILS.fullmatch(relative(path)))


def test_the_search_finds_the_templates() -> None:
    assert len(pages()) > 50
    assert not all(map(is_mail, pages()))
    assert {path.suffix for path in templates()} == {".html", ".txt"}


def test_no_line_is_too_long_to_read() -> None:
    assert [
        f"{relative(path)}:{number}: {len(line)}"
        for path in templates()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > MAX_LINE_LENGTH
    ] == []


def found_in(paths: Iterable[Path], what: re.Pattern[str]) -> dict[str, list[str]]:
    """What each of the files holds of it, beside comments, by path."""
    found = {relative(path): what.findall(text_of(path)) for path in paths}
    return {path: places for path, places in found.items() if places}


def test_a_page_holds_no_inline_script_or_style() -> None:
    assert found_in((path for path in pages() if not is_mail(path)), INLINE) == {}


def test_every_named_address_is_there() -> None:
    """`{% url … as %}` keeps silent about a name that nothing has."""
    named = {name for path in templates() for name in NAMED.findall(path.read_text())}
    known = {
        ":".join([*spaces, name])
        for spaces, patterns in _namespaces(get_resolver())
        for name in patterns
        if isinstance(name, str)
    }

    assert len(named) > 40
    assert named - known == set()


def _namespaces(
    resolver: URLResolver, spaces: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], list[object]]]:
    """The names of each namespace, the outermost first."""
    yield spaces, list(resolver.reverse_dict)
    for space, (_, inner) in resolver.namespace_dict.items():
        yield from _namespaces(inner, (*spaces, space))


def test_a_page_names_no_other_host() -> None:
    named = found_in(pages(), ELSEWHERE)

    assert {
        path: foreign
        for path, hosts in named.items()
        if (foreign := [host for host in hosts if not host.endswith(".example")])
    } == {}


def test_a_page_marks_nothing_as_safe_by_itself() -> None:
    assert found_in((path for path in pages() if relative(path) not in CLEANED), SAFE) == {}


def test_a_static_file_loads_nothing_from_another_host() -> None:
    loads = re.compile(r"@import|url\(|import\s|fetch\(|src\s*=")
    files = [path for path in our_files() if path.suffix in LOADED and "static" in path.parts]

    assert len(files) > 30
    assert [
        f"{relative(path)}: {line}"
        for path in files
        for line in text_of(path).splitlines()
        if loads.search(line) and ELSEWHERE.search(line)
    ] == []
