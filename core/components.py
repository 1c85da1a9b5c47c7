"""Strict template components: a template that says what it takes, and refuses everything else.

A component is `templates/components/<name>.html`. Its first tags are its contract:

    {% attributes label kind="secondary" icon="" *html %}
    {% choices kind "primary" "secondary" %}
    {% slots content actions %}

It is used inline or as a block:

    {% component "button" label="Save" kind="primary" data-confirm="Save it?" %}
    {% component_block "card" title="Terms" %}
      …{% slot "actions" %}…{% end_slot %}
    {% end_component %}

An unknown component, attribute, choice or slot, and a required attribute that is missing or
resolves to None, raise ComponentError. None given for an optional attribute means its default.
The component sees its attributes and slots, `request` and `csrf_token`, and nothing else of the
page. Names that begin with `data-`, `aria-` or `hx-` go to `{{ html }}`, which only a component
that declares `*html` accepts; `html=mapping` adds such names from Python.

`problems` checks the calls in a template without rendering it. Nothing here knows any single
component.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from django.forms.utils import flatatt
from django.template import Context, Node, NodeList, Template, TemplateDoesNotExist
from django.template.base import FilterExpression, VariableNode
from django.template.exceptions import TemplateSyntaxError
from django.utils.safestring import SafeString, mark_safe

HTML_PREFIXES = ("data-", "aria-", "hx-")
CONTENT = "content"
HTML = "html"
SHARED = ("request", "csrf_token")


class ComponentError(TemplateSyntaxError):
    """A component was called in a way its contract does not allow."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What one component takes."""

    required: tuple[str, ...] = ()
    optional: Mapping[str, FilterExpression] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    slots: tuple[str, ...] = ()
    html: bool = False

    @property
    def attributes(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


class AttributesNode(Node):
    """`{% attributes label kind="secondary" *html %}`."""

    def __init__(
        self, required: tuple[str, ...], optional: dict[str, FilterExpression], html: bool
    ) -> None:
        self.required = required
        self.optional = optional
        self.html = html

    def render(self, context: Context) -> SafeString:
        return mark_safe("")


class ChoicesNode(Node):
    """`{% choices kind "primary" "secondary" %}`."""

    def __init__(self, attribute: str, allowed: tuple[str, ...]) -> None:
        self.attribute = attribute
        self.allowed = allowed

    def render(self, context: Context) -> SafeString:
        return mark_safe("")


class SlotsNode(Node):
    """`{% slots content actions %}`."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def render(self, context: Context) -> SafeString:
        return mark_safe("")


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
        self.checked: Contract | None = None
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
        template, contract = _load(name, context)
        if contract is not self.checked:  # the shape of a call never changes, only its values
            _refuse(name, _mistakes(contract, self.attributes, self._filled_slots()))
            self.checked = contract
        given = {
            key: expression.resolve(context, ignore_failures=True)
            for key, expression in self.attributes.items()
        }
        slots = {
            key: mark_safe(nodelist.render(context).strip())  # noqa: S308 - rendered just now
            for key, nodelist in self.slots.items()
        }
        values = _values(name, contract, given, context)
        values.update({key: slots.get(key, "") for key in contract.slots})
        values.update({key: context[key] for key in SHARED if key in context})
        with context.render_context.push_state(template, isolated_context=True):
            return mark_safe(template.render(context.new(values)).strip())  # noqa: S308

    def _filled_slots(self) -> Iterator[str]:
        """The slots this call fills; white space around named slots is not content."""
        for key, nodelist in self.slots.items():
            if key != CONTENT or any(not _is_blank(node) for node in nodelist):
                yield key


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
            _, contract = _load(name, Context(), engine_of=template)
        except ComponentError as error:
            found.append(str(error))
            continue
        mistakes = _mistakes(contract, node.attributes, node._filled_slots())
        for key, expression in node.attributes.items():
            if isinstance(expression.var, str) and not expression.filters:
                mistakes += _bad_choice(contract, key, expression.var)
        found += [f"component {name!r}: {mistake}" for mistake in mistakes]
    return found


_contracts: WeakKeyDictionary[Template, Contract] = WeakKeyDictionary()


def contract_of(template: Template) -> Contract:
    """The contract a component's template declares. Raises ComponentError when it has none."""
    found = _contracts.get(template)
    if found is not None:
        return found
    declared: AttributesNode | None = None
    choices: dict[str, tuple[str, ...]] = {}
    slots: tuple[str, ...] = ()
    for node in template.nodelist:
        if isinstance(node, AttributesNode):
            declared = node
        elif isinstance(node, ChoicesNode):
            choices[node.attribute] = node.allowed
        elif isinstance(node, SlotsNode):
            slots = node.names
    if declared is None:
        raise ComponentError(f"{template.name} declares no attributes")
    contract = Contract(declared.required, declared.optional, choices, slots, declared.html)
    unknown = sorted(set(choices) - set(contract.attributes))
    if unknown:
        raise ComponentError(f"{template.name} has choices for what it does not take: {unknown}")
    _contracts[template] = contract
    return contract


def _load(
    name: str, context: Context, engine_of: Template | None = None
) -> tuple[Template, Contract]:
    source = engine_of if engine_of is not None else context.template
    assert source is not None  # noqa: S101 - a rendering context always has its template
    try:
        template = source.engine.get_template(f"components/{name}.html")
    except TemplateDoesNotExist as error:
        raise ComponentError(f"there is no component {name!r}") from error
    return template, contract_of(template)


def _mistakes(
    contract: Contract, attributes: Mapping[str, FilterExpression], slots: Iterator[str]
) -> list[str]:
    """What the shape of a call has wrong, whatever its values are."""
    found = []
    for key in attributes:
        if key.startswith(HTML_PREFIXES) or key == HTML:
            if not contract.html:
                found.append(f"takes no html attributes, so not {key!r}")
        elif key not in contract.attributes:
            known = ", ".join(sorted(contract.attributes)) or "none"
            found.append(f"has no attribute {key!r}; it has {known}")
    found += [f"needs {key!r}" for key in contract.required if key not in attributes]
    for key in slots:
        if key not in contract.slots:
            known = ", ".join(contract.slots) or "none"
            found.append(f"has no slot {key!r}; it has {known}")
    return found


def _bad_choice(contract: Contract, key: str, value: object) -> list[str]:
    allowed = contract.choices.get(key)
    if allowed is None or value in allowed:
        return []
    return [f"{key} is {value!r}; it can be {', '.join(map(repr, allowed))}"]


def _refuse(name: str, mistakes: list[str]) -> None:
    if mistakes:
        raise ComponentError(f"component {name!r}: {'; '.join(mistakes)}")


def _values(
    name: str, contract: Contract, given: Mapping[str, object], context: Context
) -> dict[str, object]:
    values: dict[str, object] = {}
    mistakes: list[str] = []
    for key in contract.required:
        values[key] = given[key]
        if given[key] is None:
            mistakes.append(f"{key!r} is None or not defined")
    for key, default in contract.optional.items():
        value = given.get(key)
        values[key] = default.resolve(context) if value is None else value
    for key in contract.choices:
        mistakes += _bad_choice(contract, key, values[key])
    _refuse(name, mistakes)
    if contract.html:
        values[HTML] = _html_attributes(name, given)
    return values


class HtmlAttributes(dict[str, object]):
    """The html attributes given to a component: prints as them, reads as a mapping."""

    def __str__(self) -> str:
        return flatatt({key: value for key, value in self.items() if value is not None})

    def __html__(self) -> str:
        return str(self)


def _html_attributes(name: str, given: Mapping[str, object]) -> HtmlAttributes:
    extra = given.get(HTML) or {}
    if not isinstance(extra, Mapping):
        raise ComponentError(f"component {name!r}: html is {extra!r}, not a mapping")
    refused = [key for key in extra if not str(key).startswith(HTML_PREFIXES)]
    if refused:
        raise ComponentError(f"component {name!r}: html can't hold {refused}")
    named = {key: value for key, value in given.items() if key.startswith(HTML_PREFIXES)}
    return HtmlAttributes({**extra, **named})


def _is_blank(node: Node) -> bool:
    return not isinstance(node, VariableNode) and not str(getattr(node, "s", "x")).strip()
