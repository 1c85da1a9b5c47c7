"""Strict template components: a template that says what it takes, and refuses everything else.

A component is `templates/components/<name>.html`. Its first tags are its contract:

    {% attributes label kind="secondary" icon="" *html %}
    {% choices kind "primary" "secondary" %}
    {% slots content actions %}

A tag can't span lines: more choices of the same attribute follow in a separate `choices`.

It is used inline or as a block:

    {% component "button" label="Save" kind="primary" data-confirm="Save it?" %}
    {% component_block "card" title="Terms" %}
      …{% slot "actions" %}…{% end_slot %}
    {% end_component %}

An unknown component, attribute, choice or slot, and a required attribute that is missing or
resolves to None, raise ComponentError. None given for an optional attribute means its default.
The component sees its attributes and slots, `request` and `csrf_token`, and nothing else of the
page. Names that begin with `data-` or `aria-` go to `{{ html }}`, which only a component
that declares `*html` accepts; `html=mapping` adds such names from Python.

`problems` checks the calls in a template without rendering it. Nothing here knows any single
component. A call is compiled when it is first rendered, with all that stands in it (`compiling`),
and `{% compiled %}` in the outermost template has a whole page compiled.
"""

from core.components.calls import ComponentNode, SlotNode, problems
from core.components.compiled import (
    CompiledNode,
    CompiledWidgets,
    ExtendingNode,
    render_compiled,
)
from core.components.contract import (
    AttributesNode,
    ChoicesNode,
    ComponentError,
    SlotsNode,
    contract_of,
)

__all__ = [
    "AttributesNode",
    "ChoicesNode",
    "CompiledNode",
    "CompiledWidgets",
    "ComponentError",
    "ComponentNode",
    "ExtendingNode",
    "SlotNode",
    "SlotsNode",
    "contract_of",
    "problems",
    "render_compiled",
]
