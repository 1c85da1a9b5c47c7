"""Templates compiled as a whole.

`{% compiled %}` compiles the rest of a page, with the blocks that fill it. `render_compiled`
renders a template without a page around it: a cell of a list, or the widget of a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.forms.renderers import DjangoTemplates
from django.template import Context, Engine, Node, NodeList
from django.template.backends.django import DjangoTemplates as Backend
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode
from django.utils.safestring import SafeString

from core.components.compiling import compile_nodes, compiled_template, writer
from core.components.expressions import Scope
from core.languages import spoken_tag

Version = tuple[str, tuple[BlockNode, ...]]


class CompiledWidgets(DjangoTemplates):
    """Render the widgets of forms by compiled templates; the setting FORM_RENDERER names this."""

    def render(
        self, template_name: str, context: dict[str, Any], request: Any = None
    ) -> SafeString:
        engine = cast("Backend", self.engine).engine
        rendered = render_compiled(template_name, context, engine)
        return SafeString(rendered.strip())  # escaped by what made it


class CompiledNode(Node):
    """The rest of a template, compiled once for each language and each page that extends it."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.compiled: dict[Version, Callable[[Context], str]] = {}

    def render(self, context: Context) -> SafeString:
        blocks = _blocks(context)
        version = (spoken_tag(), tuple(blocks.values()))
        render = self.compiled.get(version)
        if render is None:
            template = context.render_context.template
            assert template is not None  # noqa: S101 - a context that renders has one
            render = writer(compile_nodes(self.nodelist, Scope(template, blocks=blocks)))
            self.compiled[version] = render
        return SafeString(render(context))  # escaped by what made it


def render_compiled(
    name: str, values: Mapping[str, object], engine: Engine | None = None
) -> SafeString:
    """Render a template that no other template extends, without a request."""
    template = (engine or Engine.get_default()).get_template(name)
    context = Context(dict(values))
    context.template = template
    return SafeString(compiled_template(template)(context))  # escaped by what made it


def _blocks(context: Context) -> Mapping[str, BlockNode]:
    """What stands in place of each block: the page's own before those of what it extends."""
    found = context.render_context.get(BLOCK_CONTEXT_KEY)
    if found is None:
        return {}
    return {name: nodes[-1] for name, nodes in found.blocks.items() if nodes}
