"""Templates compiled as a whole.

`{% compiled %}` in the outermost template of a page has the page compiled, with the blocks that
fill it. `render_compiled` renders a template without a page around it: a cell of a list, or the
widget of a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.forms.renderers import DjangoTemplates
from django.template import Context, Engine, Node, NodeList, Template
from django.template.backends.django import DjangoTemplates as Backend
from django.template.base import FilterExpression, TextNode
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode, ExtendsNode
from django.utils.safestring import SafeString

from core.components.compiling import (
    COMPILERS,
    Piece,
    compile_nodes,
    compiled_template,
    writer,
)
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


class ExtendingNode(ExtendsNode):
    """`{% extends %}`: a page with `{% compiled %}` above it is compiled once for each language."""

    def __init__(self, nodelist: NodeList, parent_name: FilterExpression) -> None:
        super().__init__(nodelist, parent_name)
        self.compiled: dict[str, Callable[[Context], str]] = {}

    def render(self, context: Context) -> SafeString:
        render = self.compiled.get(spoken_tag())
        if render is None:
            assert context.template is not None  # noqa: S101 - a context that renders has one
            above = _templates_above(self, context.template)
            is_compiled = any(isinstance(node, CompiledNode) for node in above[-1].nodelist)
            render = _page(self, above) if is_compiled else super().render
            self.compiled[spoken_tag()] = render
        return SafeString(render(context))  # escaped by what made it


def _templates_above(node: ExtendsNode, page: Template) -> list[Template]:
    """The templates that a page extends, the outermost last; `page` itself where they vary."""
    found: list[Template] = []
    extending: Node | None = node
    while isinstance(extending, ExtendsNode):
        parent = cast("FilterExpression", extending.parent_name)
        name, passed = parent.var, (page.name, *(one.name for one in found))
        if not isinstance(name, str) or parent.filters or name in passed:
            return [page]
        found.append(page.engine.get_template(name))
        nodes = (one for one in found[-1].nodelist if not isinstance(one, TextNode))
        extending = next(nodes, None)
    return found


def _page(node: ExtendingNode, above: list[Template]) -> Callable[[Context], str]:
    """The outermost template, filled by the page's own blocks before those of what it extends."""
    outermost = above[-1]
    levels = [node.blocks, *(_blocks_in(template.nodelist) for template in above)]
    blocks = {name: block for level in reversed(levels) for name, block in level.items()}
    write = writer(compile_nodes(outermost.nodelist, Scope(outermost, blocks=blocks)))

    def render(context: Context) -> str:
        by_name = BlockContext()  # for nodes that render themselves, as Django gives it to them
        for level in levels:
            by_name.add_blocks(level)
        with context.render_context.push_state(outermost, isolated_context=False):
            context.render_context[BLOCK_CONTEXT_KEY] = by_name
            return write(context)

    return render


def _blocks_in(nodes: NodeList) -> dict[str, BlockNode]:
    found: Any = nodes.get_nodes_by_type(BlockNode)
    return {block.name: block for block in found}


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


def _compiled(node: CompiledNode, scope: Scope) -> Piece:
    return compile_nodes(node.nodelist, scope)


COMPILERS[CompiledNode] = _compiled
