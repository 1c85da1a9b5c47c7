"""Template nodes turned into plain functions, with everything that never changes resolved once.

A piece is either a text, or a function that writes a text for a context. `compile_nodes` makes one
piece of many nodes. What Django's own tags do is done here for the tags that pages are full of;
every other node renders itself. The text is the same either way; tests/core/test_compiling.py
holds that for every tag.

A piece belongs to one language, as its translations are resolved. Values are always escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from django.template import Context, Node, NodeList, Template
from django.template.base import FilterExpression, TextNode, VariableDoesNotExist, VariableNode
from django.template.defaulttags import (
    CommentNode,
    ForNode,
    IfNode,
    LoadNode,
    WithNode,
)
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode

from core.components.expressions import (
    Constant,
    Reader,
    Scope,
    all_nodes,
    compile_condition,
    compile_expression,
    read_of,
    shown,
)
from core.languages import spoken_tag

Piece = str | Callable[[Context], str]


def compile_nodes(nodes: Iterable[Node], scope: Scope) -> Piece:
    """One piece of all the nodes."""
    pieces: list[Piece] = []
    for node in nodes:
        piece = _compile_node(node, scope)
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece != "":
            pieces.append(piece)
    if not pieces:
        return ""
    if len(pieces) == 1:
        return pieces[0]
    writers = [piece for piece in pieces if not isinstance(piece, str)]
    text = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pieces)

    def render(context: Context) -> str:
        return text % tuple([write(context) for write in writers])

    return render


def writer(piece: Piece) -> Callable[[Context], str]:
    """A function for either kind of piece."""
    if isinstance(piece, str):
        text = piece
        return lambda context: text
    return piece


def stripped(piece: Piece) -> Piece:
    """The piece without white space around it."""
    if isinstance(piece, str):
        return piece.strip()
    render = piece
    return lambda context: render(context).strip()


def by_django(node: Node) -> Piece:
    """The node as it renders itself."""
    return cast("Callable[[Context], str]", node.render_annotated)


def _compile_node(node: Node, scope: Scope) -> Piece:
    """A piece of one node. What can't be compiled says what is wrong when it is rendered."""
    compiler = COMPILERS.get(type(node))
    if compiler is None:
        return by_django(node)
    try:
        piece = compiler(node, scope)
    except Exception:
        return by_django(node)
    if isinstance(piece, str) or not scope.template.engine.debug:
        return piece
    return _annotated(piece, node, scope)


def _annotated(piece: Callable[[Context], str], node: Node, scope: Scope) -> Piece:
    """Tell the page about an error where in the template it came from, as Django does."""

    def render(context: Context) -> str:
        try:
            return piece(context)
        except Exception as error:
            if node.token is not None and not hasattr(error, "template_debug"):
                shown_error = scope.template.get_exception_info(error, node.token)
                error.template_debug = shown_error  # type: ignore[attr-defined]
            raise

    return render


def _text(node: TextNode, scope: Scope) -> Piece:
    return str(node.s)


def _nothing(node: Node, scope: Scope) -> Piece:
    return ""


def _variable(node: VariableNode, scope: Scope) -> Piece:
    value = compile_expression(node.filter_expression, scope)
    if isinstance(value, Constant):
        return str(shown(value.value, scope.context()))
    read = value

    def render(context: Context) -> str:
        return shown(read(context), context)

    return render


def _if(node: IfNode, scope: Scope) -> Piece:
    branches: list[tuple[Reader, Callable[[Context], str]]] = []
    last: Piece = ""
    for condition, nodes in node.conditions_nodelists:
        value = Constant(True) if condition is None else compile_condition(condition, scope)
        if not isinstance(value, Constant):
            branches.append((value, writer(compile_nodes(nodes, scope))))
        elif value.value:
            last = compile_nodes(nodes, scope)
            break
    if not branches:
        return last
    otherwise = writer(last)

    def render(context: Context) -> str:
        for condition, write in branches:
            try:
                match = condition(context)
            except VariableDoesNotExist:
                match = None
            if match:
                return write(context)
        return otherwise(context)

    return render


def _for(node: ForNode, scope: Scope) -> Piece:
    expression = cast("FilterExpression", node.sequence)
    sequence = read_of(compile_expression(expression, scope, missing=None))
    names = list(node.loopvars)
    set_inside: Mapping[str, Reader] = dict.fromkeys([*names, "forloop"], _never)
    item_of = writer(compile_nodes(_nodes(node.nodelist_loop), scope.binding(set_inside, [node])))
    empty = writer(compile_nodes(_nodes(node.nodelist_empty), scope))
    only = names[0] if len(names) == 1 else None

    def render(context: Context) -> str:
        values = sequence(context)
        if values is None:
            return empty(context)
        if not hasattr(values, "__len__"):
            values = list(values)
        count = len(values)
        if count < 1:
            return empty(context)
        loop: dict[str, Any] = {"parentloop": context.get("forloop", {})}
        rows = []
        inside = {"forloop": loop}
        depth = len(context.dicts)
        context.dicts.append(inside)
        try:
            for place, item in enumerate(reversed(values) if node.is_reversed else values):
                loop["counter0"] = place
                loop["counter"] = place + 1
                loop["revcounter"] = count - place
                loop["revcounter0"] = count - place - 1
                loop["first"] = place == 0
                loop["last"] = place == count - 1
                if only is not None:
                    inside[only] = item
                    rows.append(item_of(context))
                else:
                    context.dicts.append(_unpacked(names, item))
                    rows.append(item_of(context))
                    context.dicts.pop()
        finally:
            del context.dicts[depth:]
        return "".join(rows)

    return render


def _nodes(nodelist: object) -> NodeList:
    return cast("NodeList", nodelist)


def _unpacked(names: list[str], item: Any) -> dict[str, Any]:
    try:
        length = len(item)
    except TypeError:
        length = 1
    if length != len(names):
        raise ValueError(f"Need {len(names)} values to unpack in for loop; got {length}. ")
    return dict(zip(names, item, strict=True))


def _never(context: Context) -> None:
    """Stands for a value that is known only while rendering."""


def _with(node: WithNode, scope: Scope) -> Piece:
    values = {
        key: compile_expression(expression, scope) for key, expression in node.extra_context.items()
    }
    inside = compile_nodes(node.nodelist, scope.binding(values, node.nodelist))
    return _with_values(values, inside)


def _with_values(values: Mapping[str, Constant | Reader], inside: Piece) -> Piece:
    if isinstance(inside, str):
        return inside
    write = inside
    readers = [(key, read_of(value)) for key, value in values.items()]

    def render(context: Context) -> str:
        named = {key: read(context) for key, read in readers}
        context.dicts.append(named)
        try:
            return write(context)
        finally:
            context.dicts.pop()

    return render


def compiled_template(template: Template) -> Callable[[Context], str]:
    """The whole template as a function, compiled once for each language and kept with it."""
    versions: dict[str, Callable[[Context], str]] = vars(template).setdefault("compiled", {})
    render = versions.get(spoken_tag())
    if render is None:
        render = writer(compile_nodes(template.nodelist, Scope(template)))
        versions[spoken_tag()] = render
    return render


def _include(node: IncludeNode, scope: Scope) -> Piece:
    name = compile_expression(node.template, scope)
    if node.isolated_context:
        return by_django(node)
    if not isinstance(name, Constant):
        return _include_of_varying_name(node, name, scope)
    if name.value in scope.including:
        return by_django(node)
    template = scope.template.engine.get_template(name.value)
    if template.nodelist.get_nodes_by_type((BlockNode, ExtendsNode)):  # type: ignore[arg-type]
        return by_django(node)
    values = {
        key: compile_expression(expression, scope) for key, expression in node.extra_context.items()
    }
    inner = replace(
        scope.binding(values, template.nodelist),
        template=template,
        including=scope.including | {name.value},
    )
    return _with_values(values, compile_nodes(template.nodelist, inner))


def _include_of_varying_name(node: IncludeNode, name: Reader, scope: Scope) -> Piece:
    """A form's widgets include the templates that they name."""
    engine = scope.template.engine
    readers = [
        (key, read_of(compile_expression(expression, scope)))
        for key, expression in node.extra_context.items()
    ]

    def render(context: Context) -> str:
        wanted = name(context)
        if not isinstance(wanted, str):
            return str(node.render(context))
        write = compiled_template(engine.get_template(wanted))
        context.dicts.append({key: read(context) for key, read in readers})
        try:
            return write(context)
        finally:
            context.dicts.pop()

    return render


def _block(node: BlockNode, scope: Scope) -> Piece:
    """What the page has in place of the block; by Django where it asks for what it replaces."""
    block = scope.blocks.get(node.name, node)
    if _asks_for_replaced(block):
        return by_django(node)
    template = scope.template
    if block.origin != template.origin:
        template = template.engine.get_template(str(block.origin.template_name))
    inside = compile_nodes(block.nodelist, replace(scope, template=template))
    return _with_values({"block": Constant(block)}, inside)


def _asks_for_replaced(block: BlockNode) -> bool:
    return any(
        isinstance(node, VariableNode) and str(node.filter_expression.var) == "block.super"
        for node in all_nodes(block.nodelist)
    )


COMPILERS: dict[type[Node], Callable[[Any, Scope], Piece]] = {
    TextNode: _text,
    VariableNode: _variable,
    CommentNode: _nothing,
    LoadNode: _nothing,
    IfNode: _if,
    ForNode: _for,
    WithNode: _with,
    IncludeNode: _include,
    BlockNode: _block,
}
