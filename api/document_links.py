"""The links of the API's document (OpenAPI 3.1, 4.8.20): which answer leads to which operation.

They follow from what the operations declare. An id says by its pattern what it is an id of; an
operation takes it in its path, in a filter of that name, or in its body. An order of a shop is
named by its source and order_id, which lead on in the same way. So programs that read the document,
tests among them, know that what was created is read, changed, and listed by its id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from core.public_ids import IdKind

Schema = Mapping[str, Any]
# What a kind of id is called in paths, filters and bodies.
NOUNS = {kind.value: kind.name.lower() for kind in IdKind}
ID = re.compile(r"\^\(?([a-z]{3})_")
SUCCESSES = {"200", "201", "202"}
# What names a fact of a shop; with its source it is one of all shops.
NAMES_OF_FACTS = ("order_id", "refund_id")
SOURCE = "source"
ANSWER = "$response.body#/"
LINKS = "#/components/links/"


@dataclass(slots=True)
class _Target:
    """An operation that ids lead to: by what it takes in its path, its filters and its body."""

    name: str
    method: str
    path: frozenset[str]
    filters: frozenset[str]
    # By noun, the field of the body that takes its id, and whether that is a list of ids.
    body: dict[str, tuple[str, bool]] = field(default_factory=dict)
    facts: frozenset[str] = frozenset()  # the names of a fact that its body has


@dataclass(frozen=True, slots=True)
class _Source:
    """What an answer says, by name: where an id of a noun is, and the names of a fact."""

    said: Mapping[str, str]
    own: str = ""  # the noun of what it shows
    is_list: bool = False


def add_links(document: dict[str, Any], *, among: Set[str]) -> None:
    """Add to each answer the links to the operations that take what it says.

    `among` are the names of operations that one API key can do; others are left out.
    """
    components = document["components"]
    schemas = components["schemas"]
    links: dict[str, Any] = components.setdefault("links", {})
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] in among
    ]
    targets = [_target(*described, schemas) for described in operations]
    for _path, _method, operation in operations:
        for status, answer in operation["responses"].items():
            if str(status) in SUCCESSES and "content" in answer:
                [content] = answer["content"].values()
                found = {
                    target.name: link
                    for target in targets
                    if target.name != operation["operationId"]
                    and (link := _link(_source(content["schema"], schemas), target))
                }
                answer["links"] = {
                    name: {"$ref": LINKS + _kept(links, name, link)} for name, link in found.items()
                }


def _kept(links: dict[str, Any], target: str, link: Schema) -> str:
    """The name under which a link is kept once for all answers that have it."""
    for number in count(1):
        name = f"{target}_{number}"
        if links.setdefault(name, link) == link:
            break
    return name


def _link(source: _Source, target: _Target) -> dict[str, Any] | None:
    """How an answer leads to an operation; None if it does not."""
    if not target.path <= source.said.keys():
        return None
    own = source.own
    named, body = set(target.path), {}
    if own in target.filters and not source.is_list:
        named.add(own)
    elif own in target.body and own not in named:
        name, is_list = target.body[own]
        expression = ANSWER + source.said[own]
        body = {name: [expression] if is_list else expression}
    elif not named and SOURCE in source.said and (facts := source.said.keys() & target.facts):
        body = {name: ANSWER + source.said[name] for name in sorted({*facts, SOURCE})}
    # What an answer only mentions is read, and not changed.
    is_read = target.method == "get" and len(target.path) == 1
    if not (body or own in named or SOURCE in named or is_read):
        return None
    parameters = {name: ANSWER + source.said[name] for name in sorted(named)}
    parts = {"operationId": target.name, "parameters": parameters, "requestBody": body}
    return {name: part for name, part in parts.items() if part}


def _target(path: str, method: str, operation: Schema, schemas: Schema) -> _Target:
    parameters = operation.get("parameters", [])
    found = _Target(
        name=operation["operationId"],
        method=method,
        path=frozenset(re.findall(r"{(\w+)}", path)),
        filters=frozenset(
            one["name"]
            for one in parameters
            if one["in"] == "query" and _noun(one["schema"]) == one["name"]
        ),
    )
    if "requestBody" in operation:
        [content] = operation["requestBody"]["content"].values()
        for name, schema in _properties(content["schema"], schemas).items():
            items = schema.get("items")
            noun = _noun(items or schema)
            if noun and noun not in found.body:
                found.body[noun] = (name, items is not None)
            elif name in NAMES_OF_FACTS:
                found.facts |= {name}
    return found


def _source(schema: Schema, schemas: Schema) -> _Source:
    properties = _properties(schema, schemas)
    rows = properties.get("data", {}).get("items")
    if rows is not None:
        shown = _properties(rows, schemas)
        own = _noun(shown.get("id", {}))
        said = {own: "id"} | _names_of_facts(shown) if own else _mentioned(shown)
        return _Source({name: f"data/0/{where}" for name, where in said.items()}, own, is_list=True)
    said = _mentioned(properties) | _names_of_facts(properties)
    own = _noun(properties.get("id", {}))
    return _Source(said | ({own: "id"} if own else {}), own)


def _mentioned(properties: Schema) -> dict[str, str]:
    """The nouns that an answer has ids of besides its own, and where."""
    return {noun: name for name, one in properties.items() if name != "id" and (noun := _noun(one))}


def _names_of_facts(properties: Schema) -> dict[str, str]:
    return {name: name for name in (*NAMES_OF_FACTS, SOURCE) if name in properties}


def _noun(schema: Schema) -> str:
    """What a text that fits the schema is an id of; empty if it is none."""
    for one in schema.get("anyOf", [schema]):
        found = ID.match(one.get("pattern", ""))
        if found:
            return NOUNS[found[1]]
    return ""


def _properties(schema: Schema, schemas: Schema) -> Schema:
    """The fields of an object; of several kinds of objects, those of the first."""
    schema = schema.get("anyOf", [schema])[0]
    if "$ref" in schema:
        return _properties(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    found: Schema = schema.get("properties", {})
    return found
