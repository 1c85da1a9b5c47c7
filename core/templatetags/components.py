"""The tags behind core.components: built in, so that templates need no load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.forms import BoundField
from django.template import Library
from django.template.base import FilterExpression, Parser, Token
from django.template.loader_tags import do_extends
from django.utils.safestring import SafeString

from core.components import (
    AttributesNode,
    ChoicesNode,
    CompiledNode,
    ComponentError,
    ComponentNode,
    ExtendingNode,
    SlotNode,
    SlotsNode,
)

register = Library()

ATTRIBUTE = re.compile(r"^([a-zA-Z_][\w:-]*)=(.+)$", re.DOTALL)
NAME = re.compile(r"^[a-z_]\w*$")


@register.tag("component")
def parse_component(parser: Parser, token: Token) -> ComponentNode:
    """`{% component "button" label="Save" %}`."""
    name, attributes = _parse_call(parser, token)
    return ComponentNode(name, attributes)


@register.tag("component_block")
def parse_component_block(parser: Parser, token: Token) -> ComponentNode:
    """`{% component_block "card" title="x" %}…{% end_component %}`."""
    name, attributes = _parse_call(parser, token)
    nodelist = parser.parse(("end_component",))
    parser.delete_first_token()
    return ComponentNode(name, attributes, nodelist)


@register.tag("compiled")
def parse_compiled(parser: Parser, token: Token) -> CompiledNode:
    """`{% compiled %}`: all that follows, with the blocks of the page that extends it."""
    return CompiledNode(parser.parse())


@register.tag("extends")
def parse_extends(parser: Parser, token: Token) -> ExtendingNode:
    """Django's `extends`, compiled where `compiled` is said above."""
    node: Any = do_extends(parser, token)
    return ExtendingNode(node.nodelist, node.parent_name)


@register.tag("slot")
def parse_slot(parser: Parser, token: Token) -> SlotNode:
    """`{% slot "actions" %}…{% end_slot %}`, directly inside a component block."""
    bits = token.split_contents()[1:]
    if len(bits) != 1 or not NAME.match(bits[0].strip("\"'")):
        raise ComponentError('slot takes one quoted name: {% slot "actions" %}')
    nodelist = parser.parse(("end_slot",))
    parser.delete_first_token()
    return SlotNode(bits[0].strip("\"'"), nodelist)


@register.tag("attributes")
def parse_attributes(parser: Parser, token: Token) -> AttributesNode:
    """What a component takes: `name` is required, `name=default` is not, `*html` is the rest."""
    required: list[str] = []
    optional: dict[str, FilterExpression] = {}
    html = False
    for bit in token.split_contents()[1:]:
        match = ATTRIBUTE.match(bit)
        if bit == "*html":
            html = True
        elif match and NAME.match(match[1]):
            optional[match[1]] = parser.compile_filter(match[2])
        elif NAME.match(bit):
            required.append(bit)
        else:
            raise ComponentError(f"attributes can't hold {bit!r}")
    return AttributesNode(tuple(required), optional, html)


@register.tag("choices")
def parse_choices(parser: Parser, token: Token) -> ChoicesNode:
    """The only values an attribute can have: `{% choices kind "primary" "danger" %}`."""
    attribute, *allowed = token.split_contents()[1:]
    return ChoicesNode(attribute, tuple(word.strip("\"'") for word in allowed))


@register.tag("slots")
def parse_slots(parser: Parser, token: Token) -> SlotsNode:
    """The slots a component block can fill; `content` is what stands outside of named ones."""
    return SlotsNode(tuple(token.split_contents()[1:]))


@register.simple_tag
def widget(field: BoundField, html: Mapping[str, object], described_by: str = "") -> SafeString:
    """A bound field's widget with html attributes added; ids in `described_by` describe it."""
    attrs: dict[str, str | bool] = {
        key: True if value is True else str(value)
        for key, value in html.items()
        if value is not None and value is not False
    }
    if described_by.strip() and not field.use_fieldset:
        attrs["aria-describedby"] = " ".join(described_by.split())
    return field.as_widget(attrs=attrs)


def _parse_call(
    parser: Parser, token: Token
) -> tuple[FilterExpression, dict[str, FilterExpression]]:
    bits = token.split_contents()
    if len(bits) < 2 or ATTRIBUTE.match(bits[1]):
        raise ComponentError(f'{bits[0]} needs a name first: {{% {bits[0]} "button" … %}}')
    attributes: dict[str, FilterExpression] = {}
    for bit in bits[2:]:
        match = ATTRIBUTE.match(bit)
        if match is None:
            raise ComponentError(f"{bits[0]} {bits[1]}: {bit!r} is not name=value")
        if match[1] in attributes:
            raise ComponentError(f"{bits[0]} {bits[1]}: {match[1]!r} is given twice")
        attributes[match[1]] = parser.compile_filter(match[2])
    return parser.compile_filter(bits[1]), attributes
