"""The values that a template names, read by plain functions.

Like Django's own expressions in everything but the way: what is constant is resolved once, and a
name is looked up without the detours that hardly any value needs. A value that needs one (a list's
index, a method that is refused, a lookup that fails) is resolved by Django.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from django.forms import BoundField
from django.http import QueryDict
from django.template import Context, Node, Template
from django.template.base import (
    FilterExpression,
    Variable,
    VariableDoesNotExist,
    render_value_in_context,
)
from django.template.loader_tags import BlockNode
from django.utils.functional import Promise
from django.utils.safestring import SafeData, SafeString, mark_safe

Reader = Callable[[Context], Any]
BUILTINS = {"True": True, "False": False, "None": None}
# Where Django's nodes keep the name of the variable that they set.
SETTING = ("asvar", "varname", "target_var", "variable", "variable_name", "var_name")
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda item, many: item in many,
    "not in": lambda item, many: item not in many,
}


RAISE = object()  # what stands for a missing variable, where that is an error


class NothingThereError(LookupError):
    """A mapping has neither the key nor an attribute of that name."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same each time a template is rendered in one language."""

    value: Any


@dataclass(frozen=True, slots=True)
class Scope:
    """Where nodes are compiled: their template, and the variables whose value is known."""

    template: Template
    constants: Mapping[str, Any] = field(default_factory=dict)
    including: frozenset[str] = frozenset()  # names of the templates around it
    blocks: Mapping[str, BlockNode] = field(default_factory=dict)  # what stands in their place

    def binding(self, values: Mapping[str, Constant | Reader], below: Iterable[Node]) -> Scope:
        """The scope of the nodes `below`, in which these names have these values.

        A name that one of the nodes may set itself is not constant.
        """
        constants = {key: value for key, value in self.constants.items() if key not in values}
        for key, value in values.items():
            if isinstance(value, Constant):
                constants[key] = value.value
        return replace(self, constants=constants).spared(below)

    def spared(self, below: Iterable[Node]) -> Scope:
        """The same without the constants that a node below sets itself (`{% url … as name %}`)."""
        if not self.constants:
            return self
        names = frozenset[str]().union(*(_names_set_by(node) for node in below))
        constants = {key: value for key, value in self.constants.items() if key not in names}
        return replace(self, constants=constants)

    def context(self) -> Context:
        """A context that holds what is known."""
        context = Context(dict(self.constants))
        context.template = self.template
        return context


def compile_expression(
    expression: FilterExpression, scope: Scope, *, missing: str | None = ""
) -> Constant | Reader:
    """What the expression is worth; `missing` stands for a variable that is not there."""
    if is_constant(expression, scope):
        value: Any = expression.var
        if expression.filters or isinstance(value, Variable):  # most are a text without either
            value = expression.resolve(scope.context(), ignore_failures=missing is None)
        return Constant(str(value) if isinstance(value, Promise) else value)
    for function, _arguments in expression.filters:
        if getattr(function, "expects_localtime", False) or getattr(
            function, "needs_autoescape", False
        ):
            return lambda context: expression.resolve(context, ignore_failures=missing is None)
    read = _reader(expression.var, missing)
    for function, arguments in expression.filters:
        read = _filtered(read, function, arguments)
    return read


def is_constant(expression: FilterExpression, scope: Scope) -> bool:
    """Whether the expression names only what is known in the scope."""
    arguments = [value for _, given in expression.filters for is_var, value in given if is_var]
    variables = [*([expression.var] if isinstance(expression.var, Variable) else []), *arguments]
    return all(
        not variable.lookups
        or variable.lookups[0] in scope.constants
        or variable.lookups[0] in BUILTINS
        for variable in variables
    )


def compile_condition(condition: Any, scope: Scope) -> Constant | Reader:
    """What a condition of an `if` is worth, of which only truth matters."""
    kind = condition.id
    if kind == "literal":
        return compile_expression(condition.value, scope, missing=None)
    first = compile_condition(condition.first, scope)
    if kind == "not":
        return _negated(first)
    second = compile_condition(condition.second, scope)
    if kind in ("and", "or"):
        return _joined(first, second, decided_by=kind == "or")
    return _compared(COMPARISONS[kind], first, second)


def read_of(value: Constant | Reader) -> Reader:
    """A function for either."""
    if isinstance(value, Constant):
        constant = value.value
        return lambda context: constant
    return value


def shown(value: Any, context: Context) -> str:
    """A value as text of the page, escaped."""
    kind = value.__class__
    if kind is str:
        return escape(value)
    if kind is SafeString:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    return render_value_in_context(value, context)


def _reader(variable: Any, missing: object) -> Reader:
    if not isinstance(variable, Variable):
        return lambda context: variable
    if variable.lookups is None or variable.translate:
        return variable.resolve
    name, *bits = variable.lookups
    if bits:
        return _path_reader(variable, name, bits, missing)
    return _name_reader(variable, name, missing)


def _path_reader(variable: Variable, name: str, bits: list[str], missing: object) -> Reader:
    def read(context: Context) -> Any:
        for names in reversed(context.dicts):
            if name in names:
                try:
                    return _followed(names[name], bits)
                except NothingThereError:
                    break
                except Exception:
                    return _resolved(variable, context, missing)
        return missing if missing is not RAISE else variable.resolve(context)

    return read


def _name_reader(variable: Variable, name: str, missing: object) -> Reader:
    called = _path_reader(variable, name, [], missing)

    def read(context: Context) -> Any:
        for names in reversed(context.dicts):
            if name in names:
                value = names[name]
                return called(context) if callable(value) else value
        return missing if missing is not RAISE else variable.resolve(context)

    return read


def _resolved(variable: Variable, context: Context, missing: object) -> Any:
    """What Django makes of the variable."""
    try:
        return variable.resolve(context)
    except VariableDoesNotExist:
        if missing is RAISE:
            raise
        return missing


def _followed(value: Any, bits: list[str]) -> Any:
    """What the names after the first lead to. Raises where Django has to look.

    The items of a form's field have numbers, and a number is left to Django.
    """
    if callable(value):
        value = _called(value)
    for bit in bits:
        if value.__class__ is dict or value.__class__ is QueryDict:
            value = _item(value, bit)
        elif value.__class__ is not BoundField and hasattr(value, "__getitem__"):
            value = _item_or_attribute(value, bit)
        else:
            value = getattr(value, bit)
        if callable(value):
            value = _called(value)
    return value


def _item(value: dict[str, Any], bit: str) -> Any:
    """A value by its key, or an attribute. Raises NothingThereError where there is neither."""
    if bit in value:
        return value[bit]
    if not hasattr(value, bit) and not bit.isdigit():
        raise NothingThereError(bit)
    return getattr(value, bit)


def _item_or_attribute(value: Any, bit: str) -> Any:
    """What Django tries first, and then: a page of a list has attributes."""
    try:
        return value[bit]
    except (TypeError, AttributeError, KeyError, ValueError, IndexError):
        return getattr(value, bit)


def _called(value: Any) -> Any:
    if getattr(value, "do_not_call_in_templates", False):
        return value
    if getattr(value, "alters_data", False):
        return ""
    return value()


def _filtered(read: Reader, function: Any, arguments: Any) -> Reader:
    is_safe = getattr(function, "is_safe", False)
    readers = [
        _reader(value, RAISE) if is_var else read_of(Constant(mark_safe(value)))  # noqa: S308 - of a template
        for is_var, value in arguments
    ]

    def filtered(context: Context) -> Any:
        value = read(context)
        made = function(value, *[argument(context) for argument in readers])
        return mark_safe(made) if is_safe and isinstance(value, SafeData) else made  # noqa: S308

    return filtered


def _negated(first: Constant | Reader) -> Constant | Reader:
    if isinstance(first, Constant):
        return Constant(not first.value)

    def negated(context: Context) -> bool:
        try:
            return not first(context)
        except Exception:
            return False

    return negated


def _joined(
    first: Constant | Reader, second: Constant | Reader, *, decided_by: bool
) -> Constant | Reader:
    """`or` is decided by what is true, `and` by what is not."""
    if isinstance(first, Constant):
        return first if bool(first.value) is decided_by else second
    other = read_of(second)

    def joined(context: Context) -> Any:
        try:
            value = first(context)
            return value if bool(value) is decided_by else other(context)
        except Exception:
            return False

    return joined


def _compared(
    compare: Callable[[Any, Any], Any], first: Constant | Reader, second: Constant | Reader
) -> Constant | Reader:
    one, other = read_of(first), read_of(second)

    def compared(context: Context) -> Any:
        try:
            return compare(one(context), other(context))
        except Exception:
            return False

    if isinstance(first, Constant) and isinstance(second, Constant):
        return Constant(compared(Context()))
    return compared


def _names_set_by(node: Node) -> frozenset[str]:
    """The variables that the node or one inside sets, found once: nodes stay as they were read."""
    known: frozenset[str] | None = vars(node).get("names_set")
    if known is None:
        of_node = {vars(one).get(name) for one in all_nodes([node]) for name in SETTING}
        known = frozenset(name for name in of_node if isinstance(name, str))
        vars(node)["names_set"] = known
    return known


def all_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes and all that stands in them."""
    for node in nodes:
        yield node
        for name in node.child_nodelists:
            yield from all_nodes(getattr(node, name, ()))
