"""Calls of components, each compiled into a function the first time that it is rendered.

An attribute whose value stands in the template is resolved then, and with it whatever the component
does by it: an icon is a text, and a button with an icon a text around what varies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.template import Context, Engine, Node, NodeList, Template
from django.template.base import FilterExpression, VariableNode
from django.utils.safestring import SafeString

import core.components.compiled_tags  # noqa: F401 - registers how these are compiled
from core.components.compiling import COMPILERS, Piece, by_django, compile_nodes, stripped, writer
from core.components.contract import (
    HTML,
    HTML_PREFIXES,
    AttributesNode,
    ChoicesNode,
    ComponentError,
    Contract,
    SlotsNode,
    bad_choice,
    html_attributes,
    load,
    mistakes_of,
    refuse,
)
from core.components.expressions import Constant, Reader, Scope, compile_expression, read_of
from core.languages import spoken_tag

CONTENT = "content"
SHARED = ("request", "csrf_token")
NAMES = {"True": True, "False": False, "None": None}


class SlotNode(Node):
    """`{% slot "actions" %}…{% end_slot %}`, read by the component block around it."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        raise ComponentError(
            f"slot {self.name!r} stands alone: put it directly inside component_block, "
            "and any condition inside the slot"
        )


class ComponentNode(Node):
    """One call of a component, inline or as a block."""

    def __init__(
        self,
        name: FilterExpression,
        attributes: dict[str, FilterExpression],
        nodelist: NodeList | None = None,
    ) -> None:
        self.name = name
        self.attributes = attributes
        self.is_block = nodelist is not None
        self.nodelist = nodelist if nodelist is not None else NodeList()
        self.slots: dict[str, NodeList] = {}
        self.compiled: dict[tuple[str, str], Callable[[Context], str]] = {}
        body = NodeList()
        for node in self.nodelist:
            if not isinstance(node, SlotNode):
                body.append(node)
            elif node.name in self.slots or node.name == CONTENT:
                raise ComponentError(f"slot {node.name!r} is given twice")
            else:
                self.slots[node.name] = node.nodelist
        if self.is_block:
            self.slots[CONTENT] = body

    def render(self, context: Context) -> SafeString:
        name = str(self.name.resolve(context))
        version = (name, spoken_tag())
        render = self.compiled.get(version)
        if render is None:
            assert context.template is not None  # noqa: S101 - a context that renders has one
            render = writer(self.compile_call(name, Scope(context.template)))
            self.compiled[version] = render
        return SafeString(render(context))  # escaped by what made it

    def compile_call(self, name: str, scope: Scope) -> Piece:
        """What this call writes. Raises ComponentError for what its contract refuses."""
        template, contract = load(name, scope.template.engine)
        refuse(name, mistakes_of(contract, self.attributes, self.filled_slots()))
        call = _Call(name, template, contract)
        for key, expression in self.attributes.items():
            call.give(key, compile_expression(expression, scope, missing=None))
        for key in contract.slots:
            call.fill(key, stripped(compile_nodes(self.slots.get(key, ()), scope)))
        return call.compile()

    def filled_slots(self) -> Iterator[str]:
        """The slots this call fills; white space around named slots is not content."""
        for key, nodelist in self.slots.items():
            if key != CONTENT or any(not _is_blank(node) for node in nodelist):
                yield key


class _Call:
    """What one call gives to a component: what is constant, and what is read each time."""

    def __init__(self, name: str, template: Template, contract: Contract) -> None:
        self.name = name
        self.template = template
        self.contract = contract
        self.defaults = _defaults(template, contract)
        self.constants: dict[str, Any] = dict(self.defaults)
        self.html: dict[str, Constant | Reader] = {}
        self.read: dict[str, Reader] = {}
        self.slots: dict[str, Callable[[Context], str]] = {}

    def give(self, key: str, value: Constant | Reader) -> None:
        """Take the value of an attribute."""
        if _is_html(key):
            self.html[key] = value
        elif isinstance(value, Constant):
            self.constants[key] = self.accepted(key, value.value)
        else:
            self.constants.pop(key, None)
            self.read[key] = value

    def fill(self, key: str, piece: Piece) -> None:
        """Take what stands in a slot."""
        if isinstance(piece, str):
            self.constants[key] = SafeString(piece)  # of the template
        else:
            self.slots[key] = piece

    def accepted(self, key: str, value: object) -> object:
        """The attribute's value, or its default. Raises ComponentError for what it can't be."""
        if value is None:
            if key not in self.defaults:
                refuse(self.name, [f"{key!r} is None or not defined"])
            value = self.defaults[key]
        if key in self.contract.choices:
            refuse(self.name, bad_choice(self.contract, key, value))
        return value

    def compile(self) -> Piece:
        """The component's own nodes with what is constant in this call."""
        html = self._html()
        if isinstance(html, Constant):
            self.constants[HTML] = html.value
        body = self._body()
        read_html = None if isinstance(html, Constant) else html
        if isinstance(body, str) and not (self.read or self.slots or read_html):
            return body
        return self._reading(writer(body), read_html)

    def compile_with_values(self) -> Callable[[dict[str, object]], str]:
        """The same, for a caller who gives the values of its attributes."""
        self.constants[HTML] = html_attributes(self.name, {}) if self.contract.html else None
        write, constants = writer(self._body()), self.constants
        choices, accepted, template = self.contract.choices, self.accepted, self.template

        def render(given: dict[str, object]) -> str:
            values = {**constants, **given}
            for key, value in given.items():
                if value is None or key in choices:
                    values[key] = accepted(key, value)
            context = Context()
            context.dicts = [NAMES, values]
            context.template = template
            return write(context)

        return render

    def _body(self) -> Piece:
        """The component's nodes, compiled once for all calls with the same constants."""
        bodies: dict[object, Piece] = vars(self.template).setdefault("bodies", {})
        # Values of two types may be equal: 1 and True, a text and one that is safe.
        values = [(key, type(value), value) for key, value in self.constants.items()]
        try:
            version = (spoken_tag(), frozenset(values))
        except TypeError:  # a value that may change
            return self._compiled_body()
        if version not in bodies:
            bodies[version] = self._compiled_body()
        return bodies[version]

    def _compiled_body(self) -> Piece:
        scope = Scope(self.template, self.constants).spared(self.template.nodelist)
        return stripped(compile_nodes(self.template.nodelist, scope))

    def _html(self) -> Constant | Reader:
        if not self.contract.html:
            return Constant(None)
        name = self.name
        readers = {key: read_of(value) for key, value in self.html.items()}

        def read(context: Context) -> object:
            return html_attributes(name, {key: value(context) for key, value in readers.items()})

        if all(isinstance(value, Constant) for value in self.html.values()):
            return Constant(read(Context()))
        return read

    def _reading(self, write: Callable[[Context], str], html: Reader | None) -> Piece:
        constants, read, slots = self.constants, list(self.read.items()), list(self.slots.items())
        accepted = self.accepted
        choices = self.contract.choices

        def render(context: Context) -> str:
            values = dict(constants)
            for key, reader in read:
                value = reader(context)
                values[key] = accepted(key, value) if value is None or key in choices else value
            for key, slot in slots:
                values[key] = SafeString(slot(context))  # rendered just now
            if html is not None:
                values[HTML] = html(context)
            for key in SHARED:
                for names in reversed(context.dicts):
                    if key in names:
                        values[key] = names[key]
                        break
            return write(_inside(context, values))

        return render


def _defaults(template: Template, contract: Contract) -> Mapping[str, Any]:
    """What the optional attributes are worth where they are not given, read once per language."""
    versions: dict[str, Mapping[str, Any]] = vars(template).setdefault("defaults", {})
    if spoken_tag() not in versions:
        versions[spoken_tag()] = {
            key: read_of(compile_expression(expression, Scope(template), missing=None))(Context())
            for key, expression in contract.optional.items()
        }
    return versions[spoken_tag()]


def compile_for_python(
    name: str, keys: tuple[str, ...], constants: Mapping[str, object], engine: Engine
) -> Callable[[dict[str, object]], str]:
    """What a call with these attributes writes, of which some are always the same.

    Raises ComponentError as a template does.
    """
    template, contract = load(name, engine)
    refuse(name, mistakes_of(contract, keys, ()))
    refuse(name, [f"takes no {key!r} from Python" for key in keys if _is_html(key)])
    call = _Call(name, template, contract)
    for key in keys:
        call.give(key, Constant(constants[key]) if key in constants else _given)
    for key in contract.slots:
        call.fill(key, "")
    return call.compile_with_values()


def _given(context: Context) -> None:
    """Stands for a value that the caller gives."""


def _inside(context: Context, values: dict[str, object]) -> Context:
    """A context of the same page that holds these values alone, as `context.new` makes one."""
    inside: Context = object.__new__(type(context))
    inside.__dict__.update(context.__dict__)
    inside.dicts = [NAMES, values]
    return inside


def problems(template: Template) -> list[str]:
    """Every call in `template` that its component's contract refuses, without rendering it.

    Calls whose component is named by a variable are not looked at.
    """
    found = []
    for node in template.nodelist.get_nodes_by_type(ComponentNode):
        assert isinstance(node, ComponentNode)  # noqa: S101 - narrows the type
        name = node.name.var
        if not isinstance(name, str):
            continue
        try:
            _, contract = load(name, template.engine)
        except ComponentError as error:
            found.append(str(error))
            continue
        mistakes = mistakes_of(contract, node.attributes, node.filled_slots())
        for key, expression in node.attributes.items():
            if isinstance(expression.var, str) and not expression.filters:
                mistakes += bad_choice(contract, key, expression.var)
        found += [f"component {name!r}: {mistake}" for mistake in mistakes]
    return found


def _is_html(key: str) -> bool:
    return key == HTML or key.startswith(HTML_PREFIXES)


def _is_blank(node: Node) -> bool:
    return not isinstance(node, VariableNode) and not str(getattr(node, "s", "x")).strip()


def _compile_call(node: ComponentNode, scope: Scope) -> Piece:
    name = compile_expression(node.name, scope)
    return node.compile_call(name.value, scope) if isinstance(name, Constant) else by_django(node)


def _nothing(node: Node, scope: Scope) -> Piece:
    return ""


COMPILERS.update(
    {
        ComponentNode: _compile_call,
        AttributesNode: _nothing,
        ChoicesNode: _nothing,
        SlotsNode: _nothing,
    }
)
