"""Render a component from Python, under the same contract as in a template."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.template import Context, Engine, Template
from django.utils.safestring import SafeString

from core.components.calls import ComponentNode
from core.components.compiling import writer
from core.components.expressions import Scope
from core.languages import spoken_tag


def component(name: str, **attributes: object) -> SafeString:
    """`component("badge", label="Paid", tone="good")`, for cells of a table that Python writes.

    Values are escaped as in a template. Raises ComponentError for what the contract refuses.
    """
    template, write = _call(name, tuple(attributes), spoken_tag())
    context = Context(attributes)
    context.template = template
    return SafeString(write(context))  # escaped by what made it


@lru_cache(maxsize=512)  # as many as there are calls in the source, in each language
def _call(
    name: str, keys: tuple[str, ...], tag: str
) -> tuple[Template, Callable[[Context], str]]:
    """A call with these attributes, compiled for readers of the language tag."""
    given = " ".join(f"{key}={key}" for key in keys)
    template = Engine.get_default().from_string(f'{{% component "{name}" {given} %}}')
    [node] = template.nodelist
    assert isinstance(node, ComponentNode)  # noqa: S101 - narrows the type
    return template, writer(node.compile_call(name, Scope(template)))
