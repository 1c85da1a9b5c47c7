"""Render a component from Python, under the same contract as in a template."""

from __future__ import annotations

from functools import cache

from django.template import Context, Engine, Template
from django.utils.safestring import SafeString

from core.components.calls import ComponentNode


def component(name: str, **attributes: object) -> SafeString:
    """`component("badge", label="Paid", tone="good")`, for cells of a table that Python writes.

    Values are escaped as in a template. Raises ComponentError for what the contract refuses.
    """
    template, node = _call(name, tuple(attributes))
    context = Context(attributes)
    context.template = template
    return node.render(context)


@cache  # as many as there are calls in the source
def _call(name: str, keys: tuple[str, ...]) -> tuple[Template, ComponentNode]:
    given = " ".join(f"{key}={key}" for key in keys)
    template = Engine.get_default().from_string(f'{{% component "{name}" {given} %}}')
    [node] = template.nodelist
    assert isinstance(node, ComponentNode)  # noqa: S101 - narrows the type
    return template, node
