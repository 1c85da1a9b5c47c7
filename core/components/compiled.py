"""A page compiled as a whole: what follows `{% compiled %}`, with the blocks that fill it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.template import Context, Node, NodeList
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode
from django.utils.safestring import SafeString, mark_safe

from core.components.compiling import compile_nodes, writer
from core.components.expressions import Scope
from core.languages import spoken_tag

Version = tuple[str, tuple[BlockNode, ...]]


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
        return mark_safe(render(context))  # noqa: S308 - escaped by what made it


def _blocks(context: Context) -> Mapping[str, BlockNode]:
    """What stands in place of each block: the page's own before those of what it extends."""
    found = context.render_context.get(BLOCK_CONTEXT_KEY)
    if found is None:
        return {}
    return {name: nodes[-1] for name, nodes in found.blocks.items() if nodes}
