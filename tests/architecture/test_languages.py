"""Every text that members read is gathered, translated and compiled; none stands bare."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings

from config.languages import IN_ENGLISH
from config.local.messages import PACKAGES, TRANSLATED, faults_of, gathered, problems
from tests.architecture import source
from tests.architecture.routes import routes
from tests.architecture.source import ROOT, modules, relative, templates, tree

# What members, creators and shoppers read, and what stands around it.
READ = re.compile(
    r"templates/(portal|errors|components)/.*\.(html|txt)|templates/transactional/\w+\.txt"
    r"|templates/(base|403_csrf)\.html|templates/notifications/(layout\.html|footer\.txt)"
)
GONE = re.compile(
    r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<style.*?</style>"
    r"|{%\s*block \w*width\s*%}[a-z -]*{%\s*endblock\s*%}"  # a class
    r"|{%\s*blocktranslate.*?endblocktranslate\s*%}|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
TAG = re.compile(r"<[^>]*>")
SAID_BY_TAG = re.compile(r"\b(?:aria-label|title|alt|placeholder)=\"([^\"]*[^\W\d_]{2}[^\"]*)\"")
SAID_BY_COMPONENT = re.compile(r"\b(?:label|title|text|note|help|noun|more)=\"([^\"]+)\"")
CALL = re.compile(r"{%\s*component(?:_block)?\s.*?%}", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext"}
PROPER = {"Tributary", "doctype", "html", "zwnj"}


def read_by_members() -> list[Path]:
    return [path for path in templates() if READ.fullmatch(relative(path))]


def in_all_languages() -> list[Path]:
    """The modules from which texts are gathered."""
    return [path for path in modules() if "gettext" in path.read_text()]


def bare_texts(text: str) -> list[str]:
    """The words of a template that no translation reaches."""
    said = [found for call in CALL.findall(text) for found in SAID_BY_COMPONENT.findall(call)]
    plain = GONE.sub(" ", text)
    said += SAID_BY_TAG.findall(plain)
    words = WORD.findall(TAG.sub(" ", plain).replace("&nbsp;", " "))
    return said + [word for word in words if word not in PROPER]


def test_every_text_is_translated_and_compiled() -> None:
    assert problems(ROOT) == []


@pytest.mark.parametrize("path", in_all_languages(), ids=relative)
def test_no_text_to_translate_stands_within_an_f_string(path: Path) -> None:
    """The search for texts, xgettext, does not look there."""
    hidden = [
        call.lineno
        for joined in ast.walk(tree(path))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in GETTEXT
        and any(isinstance(argument, ast.Constant) for argument in call.args)
    ]

    assert hidden == []


def test_the_search_finds_texts_everywhere() -> None:
    places = {path.split("/")[0] for message in gathered(ROOT) for path, _ in message.locations}

    assert {"templates", "portal", "offers", "tracking", "core"} <= places
    assert set(PACKAGES) == set(source.PACKAGES)
    assert {"en", *TRANSLATED} == {code for code, _ in settings.LANGUAGES}
    assert len(read_by_members()) > 70


@pytest.mark.parametrize("path", read_by_members(), ids=relative)
def test_a_template_that_members_read_has_no_bare_text(path: Path) -> None:
    assert bare_texts(path.read_text()) == []


@pytest.mark.parametrize(
    ("template", "bare"),
    [
        ("<p>Bare</p>", ["Bare"]),
        ('{% component "button" label="Save" kind="primary" %}', ["Save"]),
        ('{% component "button" label=_("Save") %}', []),
        ('<img alt="A picture">', ["A picture"]),
        ('<p title="{% translate "Yes" %}">{% translate "No" %} {{ name }}</p>', []),
        ("{% blocktranslate %}A <b>whole</b> sentence{% endblocktranslate %}", []),
    ],
)
def test_a_bare_text_is_found(template: str, bare: list[str]) -> None:
    assert bare_texts(template) == bare


@pytest.mark.parametrize(
    ("source_text", "translation", "fault"),
    [
        ("%(amount)s now", "%(amount)s jetzt", None),
        ("%(amount)s now", "%(betrag)s jetzt", "other placeholders"),
        ("%(amount)s now", "jetzt", "other placeholders"),
        ("{brand} writes", "{marke} schreibt", "other placeholders"),
        ("a <b>word</b>", "ein Wort", "other placeholders"),
        ("Hi {{ first_name | there }},", "Hallo {{ first_name | du }},", None),
        ("Hi {{ first_name | there }},", "Hallo {{ name | du }},", "other placeholders"),
        ("now", "", "not translated"),
        ("now", " jetzt", "space around"),
        (("%(n)s day", "%(n)s days"), ("ein Tag", "%(n)s Tage"), "other placeholders"),
        (("One day", "%(n)s days"), ("Ein Tag", "%(n)s Tage"), None),
        (("One day", "%(n)s days"), ("Ein Tag", "Tage"), "other placeholders"),
    ],
)
def test_a_translation_keeps_what_its_source_has(
    source_text: str | tuple[str, str], translation: str | tuple[str, str], fault: str | None
) -> None:
    found = list(faults_of(Message(source_text, translation)))

    assert [text for text in found if fault is None or not text.startswith(fault)] == []
    assert bool(found) == (fault is not None)


def test_a_guess_is_no_translation() -> None:
    assert list(faults_of(Message("now", "jetzt", flags=["fuzzy"]))) == ["a guess (fuzzy)"]


def test_what_is_spoken_in_english_is_there() -> None:
    """A prefix that no address has would hide a page that moved."""
    known = {f"/{route.pattern}" for route in routes()} | {"/static/"}

    assert [
        prefix for prefix in IN_ENGLISH if not any(path.startswith(prefix) for path in known)
    ] == []
    assert not any(prefix.startswith(("/d/", "/portal/", "/u/")) for prefix in IN_ENGLISH)
