"""What a query costs, as Shopify's documentation counts: an object one point, and a connection its
size times what is in each node. A change costs ten. Limits are counted before a query runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

CHANGE_POINTS = 10


class Bucket:
    """Points that come back by the second, by a clock that tests move."""

    def __init__(self, clock: Callable[[], float], *, maximum: float, per_second: float) -> None:
        self.clock, self.maximum, self.per_second = clock, maximum, per_second
        self._left, self._when = maximum, clock()

    @property
    def left(self) -> float:
        now = self.clock()
        self._left = min(self.maximum, self._left + (now - self._when) * self.per_second)
        self._when = now
        return self._left

    def take(self, points: float) -> bool:
        if self.left < points:
            return False
        self._left -= points
        return True

    def empty(self) -> None:
        self._left, self._when = 0.0, self.clock()


def cost(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The points that a document of one operation asks for."""
    (operation,) = (
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )
    if operation.operation is OperationType.MUTATION:
        return CHANGE_POINTS
    root = schema.query_type
    assert root is not None
    return _selected(schema, root, operation.selection_set, variables, 1)


def _selected(
    schema: GraphQLSchema,
    parent: GraphQLObjectType,
    selections: SelectionSetNode,
    variables: Mapping[str, Any],
    size: int,
) -> int:
    total = 0
    for node in selections.selections:
        if isinstance(node, InlineFragmentNode):
            assert node.type_condition is not None
            inner = schema.type_map[node.type_condition.name.value]
            assert isinstance(inner, GraphQLObjectType)
            total += _selected(schema, inner, node.selection_set, variables, size)
        elif isinstance(node, FieldNode):
            total += _field(schema, parent, node, variables, size)
    return total


def _field(
    schema: GraphQLSchema,
    parent: GraphQLObjectType,
    node: FieldNode,
    variables: Mapping[str, Any],
    size: int,
) -> int:
    name = node.name.value
    if name in ("__typename", "pageInfo"):
        return 0
    named = get_named_type(parent.fields[name].type)
    if is_leaf_type(named) or node.selection_set is None:
        return 0
    first = _first(node, variables)
    if not isinstance(named, GraphQLObjectType):  # a union: its parts are fragments
        inner = _selected(schema, parent, node.selection_set, variables, 1)
        return size * (1 + inner)
    if name == "nodes":
        return size * (1 + _selected(schema, named, node.selection_set, variables, 1))
    inner = _selected(schema, named, node.selection_set, variables, first)
    return 1 + inner if named.name.endswith("Connection") else first * (1 + inner)


def _first(node: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            if isinstance(argument.value, VariableNode):
                return int(variables[argument.value.name.value])
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
    return 1
