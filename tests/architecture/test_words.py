"""Private words that were replaced by the field's own do not come back.

The rule is wider: a name is the standard term of the field or of the framework. These are the words
that once stood in names and texts here; a test can hold no more than that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import modules, relative, templates, tree

INSTEAD = {
    "basket": "order lines",
    "bucket": "interval, time series",
    "crowd": "members, messages",
    "face": "web package, page",
    "hint": "message, enqueue",
    "judge": "accept, reject, check",
    "knowledge": "findings",
    "patience": "timeout",
    "purse": "balance",
    "resting": "inactive",
    "room": "package",
    "standing": "state, status, step",
    "stretch": "page",
    "turn": "slice, batch",
    "whereabouts": "address, state",
    "wire": "bytes, ASCII",
}
IN_TEXTS = {
    "drawn up": "drafted",
    "purse": "balance",
    "whereabouts": "address, state",
    "whoever": "the person or program that acts",
}
TURNED = re.compile(r"turn_\w+_(?:on|off)")  # what users turn on and off, as pages say it
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def names_in(source: ast.AST) -> Iterator[tuple[int, str]]:
    """What a module names itself: classes, functions, arguments, variables and attributes."""
    for node in ast.walk(source):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def private_words_in(name: str) -> list[str]:
    words = [part.lower() for part in PARTS.findall(name)]
    if TURNED.fullmatch(name):
        words.remove("turn")
    return [word for word in INSTEAD if word in words or f"{word}s" in words]


def test_no_name_in_the_code_has_one_of_these_words() -> None:
    found = [
        f"{relative(path)}:{line}: {name}: say {INSTEAD[word]} instead of {word}"
        for path in modules()
        for line, name in names_in(tree(path))
        for word in private_words_in(name)
    ]
    found += [
        f"{relative(path)}: name the module by {INSTEAD[word]} instead of {word}"
        for path in modules()
        for word in private_words_in(path.stem)
    ]

    assert found == []


def test_no_template_has_one_of_these_words() -> None:
    found = [
        f"{relative(path)}: say {instead} instead of {word}"
        for path in templates()
        for word, instead in IN_TEXTS.items()
        if re.search(rf"\b{word}s?\b", " ".join(path.read_text().split()), re.IGNORECASE)
    ]

    assert found == []


def test_no_docstring_has_one_of_these_words() -> None:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        f"{relative(path)}: {word}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, documented)
        for word in IN_TEXTS
        if re.search(rf"\b{word}s?\b", ast.get_docstring(node) or "", re.IGNORECASE)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("class Purse: pass", ["purse"]),
        ("def take_turn(): pass", ["turn"]),
        ("PATIENCE = 2", ["patience"]),
        ("def order(baskets): pass", ["basket"]),
        ("self.hints = []", ["hint"]),
        ("def return_url(wired, turnover): pass", []),
        ("def turn_endpoint_on(): pass", []),
        ("def turn_hint_off(turn): pass", ["hint", "turn"]),
    ],
)
def test_the_search_knows_a_word_when_it_sees_it(line: str, words: list[str]) -> None:
    found = [word for _, name in names_in(ast.parse(line)) for word in private_words_in(name)]

    assert found == words
