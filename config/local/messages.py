"""`make messages`: collect all texts to translate in locale/*/LC_MESSAGES, and compile them.

It works without GNU gettext, which a fresh machine doesn't have: Babel reads the Python files, and
the templates after Django's templatize. `make check` and the tests call `problems`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from config.local.folders import CHECKOUT

PACKAGES = (
    "accounts",
    "background",
    "affiliates",
    "api",
    "brand_admin",
    "config",
    "core",
    "integrations",
    "webhooks",
    "notices",
    "notifications",
    "offers",
    "payouts",
    "portal",
    "tracking",
)
TRANSLATED = ("de", "es", "fr")  # English is what stands in the source
TEMPLATES = {".html", ".txt"}
ONE, MANY = None, (1, 2)
ONE_IN_CONTEXT, MANY_IN_CONTEXT = ((1, "c"), 2), ((1, "c"), 2, 3)
KEYWORDS: dict[str, Any] = {
    "_": ONE,
    "gettext": ONE,
    "gettext_lazy": ONE,
    "gettext_noop": ONE,
    "ngettext": MANY,
    "ngettext_lazy": MANY,
    "pgettext": ONE_IN_CONTEXT,
    "pgettext_lazy": ONE_IN_CONTEXT,
    "npgettext": MANY_IN_CONTEXT,
    "npgettext_lazy": MANY_IN_CONTEXT,
}
COMMENTS = ["Translators:"]
WIDTH = 100
# Placeholders and tags: a translation must have the same ones as the source.
FIXED = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|</?[a-z]+[^<>]*>|\{\{ \w+")


class Messages(Catalog):
    """A catalogue whose header has only necessary fields, and no date of the day."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale_identifier or "")),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms if self.locale else ""),
        ]


@dataclass(frozen=True, slots=True)
class Found:
    """A text to translate; `message` is a pair where there is a plural."""

    path: str
    message: str | tuple[str, str]
    context: str | None
    comments: tuple[str, ...]


def gathered(root: Path) -> Catalog:
    """Return every text of the source below `root`, with its files."""
    catalog = Messages(charset="utf-8")
    for found in _texts(root):
        catalog.add(
            found.message,
            locations=[(found.path, 0)],
            auto_comments=found.comments,
            context=found.context,
        )
    return catalog


def translated(root: Path, language: str) -> Catalog:
    """Read the catalogue of a language; return an empty one for a new language."""
    catalog = Messages(locale=language, charset="utf-8", fuzzy=False)
    path = _place(root, language).with_suffix(".po")
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
        catalog.header_comment = known.header_comment
        for message in known:
            if message.id:
                catalog[message.id] = message
    return catalog


def update(root: Path, language: str, source: Catalog) -> Catalog:
    """Write the catalogue with the texts of `source`, new ones empty, and compile it."""
    catalog = translated(root, language)
    catalog.update(source, no_fuzzy_matching=True, update_header_comment=False)
    place = _place(root, language)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.with_suffix(".po").write_bytes(_as_po(catalog))
    place.with_suffix(".mo").write_bytes(_as_mo(catalog))
    return catalog


def compile_catalogue(place: Path) -> None:
    """Compile a .po file as it is. Raises ValueError for an invalid file."""
    with place.open("rb") as file:
        catalog = read_po(file, locale=place.parents[1].name)
    place.with_suffix(".mo").write_bytes(_as_mo(catalog))


def problems(root: Path) -> list[str]:
    """Return every missing, outdated, wrong or uncompiled translation."""
    source = gathered(root)
    return [
        f"{language}: {problem}"
        for language in TRANSLATED
        for problem in _problems_of(root, language, source)
    ]


def _problems_of(root: Path, language: str, source: Catalog) -> Iterator[str]:
    catalog = translated(root, language)
    wanted, known = _keys(source), _keys(catalog)
    for key in wanted - known:
        yield f"not in the catalogue (make messages): {key[1]!r}"
    for key in known - wanted:
        yield f"no longer in the source (make messages): {key[1]!r}"
    for message in catalog:
        if message.id:
            yield from (f"{problem}: {message.id!r}" for problem in faults_of(message))
    compiled = _place(root, language).with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != _as_mo(catalog):
        yield "not compiled as it stands (make messages)"


def faults_of(message: Message) -> Iterator[str]:
    """Yield the errors of one translation."""
    sources = _forms(message.id)
    strings = _forms(message.string)
    if message.fuzzy:
        yield "a guess (fuzzy)"
    if not all(strings):
        yield "not translated"
        return
    allowed = [sorted(FIXED.findall(text)) for text in sources]
    for number, text in enumerate(strings):
        # One of something may say so without its number.
        fitting = allowed if number == 0 else allowed[-1:]
        if sorted(FIXED.findall(text)) not in fitting:
            yield f"other placeholders or tags in {text!r}"
        if text != text.strip() and sources[0] == sources[0].strip():
            yield f"space around {text!r}"


def _forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _keys(catalog: Catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    return {
        (message.context, message.id if isinstance(message.id, str) else tuple(message.id))
        for message in catalog
        if message.id
    }


def _texts(root: Path) -> Iterator[Found]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _texts_in(path.relative_to(root), path.read_bytes())
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in TEMPLATES:
            yield from _texts_in(path.relative_to(root), _as_python(path.read_text()))


def _as_python(template: str) -> bytes:
    """Django's rendering of a template as Python, without the indentation that makes it none."""
    lines = templatize(template).splitlines()
    return "\n".join(line.lstrip() for line in lines).encode()


def _texts_in(path: Path, source: bytes) -> Iterator[Found]:
    found = extract_python(BytesIO(source), KEYWORDS, COMMENTS, {"encoding": "utf-8"})
    for _line, function, arguments, remarks in found:
        given: tuple[Any, ...] = arguments if isinstance(arguments, tuple) else (arguments,)
        comments: Any = remarks
        wanted = KEYWORDS[str(function)] or (1,)
        picked: list[Any] = [
            given[spec[0] - 1] if isinstance(spec, tuple) else given[spec - 1] for spec in wanted
        ]
        if not all(isinstance(text, str) and text for text in picked):
            continue  # a variable: its text is marked where it gets its value
        context = picked.pop(0) if isinstance(wanted[0], tuple) else None
        message = (picked[0], picked[1]) if len(picked) > 1 else picked[0]
        yield Found(path.as_posix(), message, context, tuple(comments))


def _place(root: Path, language: str) -> Path:
    return root / "locale" / language / "LC_MESSAGES" / "django"


def _as_po(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_po(
        file, catalog, width=WIDTH, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return file.getvalue()


def _as_mo(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Update every catalogue, or with "check" only say what is wrong with them."""
    if list(arguments) != ["check"]:
        source = gathered(CHECKOUT.root)
        for language in TRANSLATED:
            update(CHECKOUT.root, language, source)
    found = problems(CHECKOUT.root)
    for problem in found:
        print(problem)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
