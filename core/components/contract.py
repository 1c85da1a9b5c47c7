"""What a component takes, and what a call of it has wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from django.template import Context, Engine, Node, Template, TemplateDoesNotExist
from django.template.base import FilterExpression
from django.template.exceptions import TemplateSyntaxError
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

HTML_PREFIXES = ("data-", "aria-")
HTML = "html"


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
            choices[node.attribute] = (*choices.get(node.attribute, ()), *node.allowed)
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


def load(name: str, engine: Engine) -> tuple[Template, Contract]:
    """A component's template and contract. Raises ComponentError when there is none."""
    try:
        template = engine.get_template(f"components/{name}.html")
    except TemplateDoesNotExist as error:
        raise ComponentError(f"there is no component {name!r}") from error
    return template, contract_of(template)


def mistakes_of(contract: Contract, attributes: Iterable[str], slots: Iterable[str]) -> list[str]:
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


def bad_choice(contract: Contract, key: str, value: object) -> list[str]:
    """What is wrong with this value of an attribute that has choices."""
    allowed = contract.choices.get(key)
    if allowed is None or value in allowed:
        return []
    return [f"{key} is {value!r}; it can be {', '.join(map(repr, allowed))}"]


def refuse(name: str, mistakes: list[str]) -> None:
    """Raise ComponentError when there are any."""
    if mistakes:
        raise ComponentError(f"component {name!r}: {'; '.join(mistakes)}")


class HtmlAttributes(dict[str, object]):
    """The html attributes given to a component: prints as them, reads as a mapping."""

    def __str__(self) -> str:
        """As Django's `flatatt` writes them: by name, and those without a value are the last."""
        valued, bare = [], []
        value: Any
        for key, value in sorted(self.items(), key=itemgetter(0)):
            if value is True:
                bare.append(f" {conditional_escape(key)}")
            elif value is not None and value is not False:
                valued.append(f' {conditional_escape(key)}="{conditional_escape(value)}"')
        return SafeString("".join(valued + bare))  # escaped above

    def __html__(self) -> str:
        return str(self)


def html_attributes(name: str, given: Mapping[str, object]) -> HtmlAttributes:
    """The html attributes among what a call gives. Raises ComponentError for other names."""
    extra = given.get(HTML) or {}
    if not isinstance(extra, Mapping):
        raise ComponentError(f"component {name!r}: html is {extra!r}, not a mapping")
    refused = [key for key in extra if not str(key).startswith(HTML_PREFIXES)]
    if refused:
        raise ComponentError(f"component {name!r}: html can't hold {refused}")
    named = {key: value for key, value in given.items() if key.startswith(HTML_PREFIXES)}
    return HtmlAttributes({**extra, **named})
