"""Render a component from Python, under the same contract as in a template."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.template import Engine
from django.utils.safestring import SafeString

from core.components.calls import compile_for_python
from core.languages import spoken_tag


def component(name: str, **attributes: object) -> SafeString:
    """`component("badge", label="Paid", tone="good")`, for cells of a table that Python writes.

    Values are escaped as in a template. Raises ComponentError for what the contract refuses, and
    for html attributes.
    """
    switches = tuple(
        [(key, value) for key, value in attributes.items() if value is True or value is False]
    )
    render = _call(name, tuple(attributes), switches, spoken_tag())
    return SafeString(render(attributes))  # escaped by what made it


@lru_cache(maxsize=2048)
def repeated_component(name: str, tag: str, **texts: str) -> SafeString:
    """The same for a component that many rows have with the same few texts, kept once written.

    `tag` is the language that is spoken: `spoken_tag()`.
    """
    return component(name, **texts)


@lru_cache(maxsize=512)  # as many as there are calls in the source, in each language
def _call(
    name: str, keys: tuple[str, ...], switches: tuple[tuple[str, bool], ...], tag: str
) -> Callable[[dict[str, object]], str]:
    """A call with these attributes and switches, compiled for readers of the language tag."""
    return compile_for_python(name, keys, dict(switches), Engine.get_default())
