"""Write tributary_client/nouns/ from the OpenAPI document of a Tributary.

    python manage.py export_openapi_schema --api api.v1.api > document.json
    python clients/python/generate_client.py < document.json

A file for each noun has the types of its requests and answers, and a class with one method for each
operation. Types that several nouns have are in `shared.py`.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "tributary_client" / "nouns"
SHARED = "shared"
WIDTH = 100
BY_HAND = {  # in sending.py
    "send_orders",
    "send_refunds",
    "state_order",
    "state_orders",
    "state_refund",
    "state_refunds",
}
# They take other keys than a client has: those of pages and of postbacks.
OF_OTHER_KEYS = {"call_postback", "report_order", "send_postback"}
TYPES_BY_HAND = (
    "OrderInBatch", "OrderSent", "OrderTaken", "RefundInBatch", "RefundSent", "RefundTaken",
    "RefusedInBatch",
)  # fmt: skip
PAGE = re.compile(r"Page_(\w+)_")
PAGING = {"limit", "cursor"}
OUTSIDE = re.compile(r" \| (?![^\[]*\])")  # not between brackets
WITH_KEYS = {"POST", "PATCH"}  # as tributary_client.calling sends them
SIMPLE = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}
HEADER = '"""{title}. Written by generate_client.py; changes are lost."""\n'
Schema = Mapping[str, Any]


@dataclass
class Operation:
    """One method of the client."""

    name: str
    method: str
    path: str
    summary: str
    noun: str
    parameters: list[Schema]
    body: str  # the name of its type, or ""
    answer: str  # its type as Python writes it
    pages: str  # the type of an item, if it is a list with pages
    uses: set[str] = field(default_factory=set)


class Document:
    """An OpenAPI document, and the Python types of its schemas."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.schemas: dict[str, Schema] = dict(document["components"]["schemas"])
        self.schemas["OrderSent"] = self._sent_alone("/api/v1/orders")
        self.schemas["RefundSent"] = self._sent_alone("/api/v1/refunds")
        self.operations = list(self._operations())
        self.noun_of = self._nouns_of_types()

    def _sent_alone(self, path: str) -> Schema:
        """Return the schema of one item, where the body is one or a list."""
        body = self.document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        alone: Schema = body["schema"]["anyOf"][0]
        return alone

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.document["paths"].items():
            for method, said in methods.items():
                noun = (said.get("tags") or ["orders"])[0].replace(" ", "_")
                if said["operationId"] not in BY_HAND | OF_OTHER_KEYS:
                    yield self._operation(path, method, said, noun)

    def _operation(self, path: str, method: str, said: Schema, noun: str) -> Operation:
        answers = [
            answer["content"]["application/json"]["schema"]
            for status, answer in said["responses"].items()
            if str(status).startswith("2") and "application/json" in answer.get("content", {})
        ]
        answer = union(map(self.type_of, answers)) or "None"
        page = PAGE.fullmatch(answer)
        body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
        sent = self._body(said["operationId"], body["schema"]) if body else ""
        uses = set(self._named(answer)) | ({sent} if sent else set())
        parameters = [one for one in said.get("parameters", []) if one["in"] != "header"]
        for one in parameters:
            uses |= set(self._named(self.type_of(one["schema"])))
        return Operation(
            name=said["operationId"], method=method.upper(), path=path,
            summary=" ".join((said.get("description") or said["summary"]).split()),
            noun=noun, parameters=parameters, body=sent, answer=answer,
            pages=page[1] if page else "", uses=uses,
        )  # fmt: skip

    def _body(self, operation: str, schema: Schema) -> str:
        """Return the name of the type of a request's body."""
        if "$ref" in schema:
            return self.type_of(schema)
        name = "".join(part.title() for part in operation.split("_")) + "Sent"
        self.schemas[name] = schema
        return name

    def type_of(self, schema: Schema, name: str = "") -> str:
        """Return the Python type of a schema. An object within another one is called `name`."""
        if "$ref" in schema:
            return str(schema["$ref"].rpartition("/")[2])
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return union(self.type_of(one, name) for one in _listed(schema[several]))
        if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
            return f"Literal[{', '.join(map(repr, values))}]"
        kind = schema.get("type")
        if isinstance(kind, list):
            return union(SIMPLE[one] for one in kind)
        if kind == "array":
            return f"list[{self.type_of(schema.get('items', {}), name.removesuffix('s'))}]"
        return self._object(schema, name) if kind == "object" else SIMPLE.get(str(kind), "Any")

    def _object(self, schema: Schema, name: str) -> str:
        if schema.get("properties") and name:
            self.schemas[name] = schema
            return name
        if isinstance(schema.get("additionalProperties"), Mapping):
            return f"dict[str, {self.type_of(schema['additionalProperties'])}]"
        return "dict[str, Any]"

    def _named(self, python_type: str) -> Iterator[str]:
        """Yield the schemas that a type names, and those that they name."""
        waiting, seen = [python_type], set()
        while waiting:
            for name in re.findall(r"[A-Za-z_]\w*", waiting.pop()):
                if name in self.schemas and name not in seen:
                    seen.add(name)
                    yield name
                    waiting.extend(self.fields_of(name).values())

    def fields_of(self, name: str) -> dict[str, str]:
        schema = self.schemas[name]
        return {
            field: self.type_of(one, name.removesuffix("Sent") + field.title().replace("_", ""))
            for field, one in schema.get("properties", {}).items()
        }

    def _nouns_of_types(self) -> dict[str, str]:
        """Return the noun in whose file each type is."""
        nouns: dict[str, set[str]] = {}
        for name in TYPES_BY_HAND:
            for used in self._named(name):
                nouns.setdefault(used, set()).add(SHARED)
        for operation in self.operations:
            for used in operation.uses:
                for name in self._named(used):
                    nouns.setdefault(name, set()).add(operation.noun)
        return {
            name: next(iter(of)) if len(of) == 1 else SHARED
            for name, of in nouns.items()
            if not PAGE.fullmatch(name)
        }


def _listed(forms: Sequence[Schema]) -> list[Schema]:
    """Leave out the pattern beside listed words: it is these words in other letters."""
    has_words = any("enum" in one for one in forms)
    return [one for one in forms if not (has_words and "pattern" in one)]


def union(types: Iterable[str]) -> str:
    """Join types; None is last, and an empty text beside other texts is left out."""
    several = dict.fromkeys(part for one in types for part in OUTSIDE.split(one))
    if len(several) > 1:
        several.pop("Literal['']", None)
    if "None" in several:
        several["None"] = several.pop("None")
    return " | ".join(several)


def typed_dict(document: Document, name: str) -> str:
    """Return the class of one type."""
    schema = document.schemas[name]
    required = set(schema.get("required", ()))
    lines = [f"class {name}(TypedDict):"]
    if text := " ".join(str(schema.get("description", "")).split()):
        lines.append(docstring(text, 4) + "\n")
    for field_name, python_type in document.fields_of(name).items():
        said = python_type if field_name in required else f"NotRequired[{python_type}]"
        lines += wrapped(f"    {field_name}: ", said)
    return "\n".join(lines if len(lines) > 1 else [*lines, "    pass"])


def docstring(text: str, indent: int) -> str:
    pad = " " * indent
    if len(text) + indent + 6 <= WIDTH:
        return f'{pad}"""{text}"""'
    filled = textwrap.fill(
        text, WIDTH - 3, initial_indent=f'{pad}"""', subsequent_indent=pad, break_long_words=False
    )
    return f'{filled}\n{pad}"""'


def wrapped(before: str, python_type: str) -> list[str]:
    if len(before) + len(python_type) <= WIDTH:
        return [before + python_type]
    return textwrap.wrap(
        before + python_type, WIDTH, subsequent_indent=" " * 8, break_long_words=False
    )


def method(document: Document, one: Operation) -> str:
    """Return the method of one operation."""
    in_path = [part["name"] for part in one.parameters if part["in"] == "path"]
    asked = [part for part in one.parameters if part["in"] == "query"]
    if one.pages:
        asked = [part for part in asked if part["name"] not in PAGING]
    parts = ["self", *(f"{name}: str" for name in in_path)]
    if asked or one.method in WITH_KEYS:
        parts.append("*")
    parts += [f"{safe(part['name'])}: {_asked_type(document, part)} = None" for part in asked]
    if one.method in WITH_KEYS:
        parts.append("idempotency_key: str = ''")
    if one.body:
        parts.append(f"**sent: Unpack[{one.body}]")
    returned = f"Iterator[{one.pages}]" if one.pages else one.answer
    path = re.sub(r"\{(?:\w+:)?(\w+)\}", r"{quoted(\1)}", one.path)
    shown = f'f"{path}"' if in_path else f'"{path}"'
    call = ["pages" if one.pages else "call", *([] if one.pages else [f'"{one.method}"']), shown]
    arguments = call[1:]
    if asked:
        pairs = "".join(f'"{part["name"]}": {safe(part["name"])},\n' for part in asked)
        arguments.append(f"asked={{\n{pairs}}}")
    if one.body:
        arguments.append("sent=sent")
    if one.method in WITH_KEYS:
        arguments.append("idempotency_key=idempotency_key")
    if _deletes(document, one):
        arguments.append(f'deleted={{"id": {in_path[-1]}, "outcome": "deleted"}}')
    lines = [
        f"    def {one.name}(",
        *(f"        {part}," for part in parts),
        f"    ) -> {returned}:",
        docstring(f"{one.method} {one.path}: {one.summary}", 8),
    ]
    call_text = ",\n            ".join(arguments)
    made = f"self.{call[0]}(\n            {call_text},\n        )"
    if one.pages:
        lines.append(f"        return {made}")
    else:
        lines += [f"        answer: {one.answer} = {made}", "        return answer"]
    return "\n".join(lines)


def _deletes(document: Document, one: Operation) -> bool:
    """Whether nothing is there afterwards, so that a second try finds nothing."""
    fields = document.fields_of(one.answer) if one.answer in document.schemas else {}
    return one.method == "DELETE" and fields.get("outcome") == "Literal['deleted']"


def _asked_type(document: Document, part: Schema) -> str:
    python_type = document.type_of(part["schema"])
    return python_type if "None" in python_type.split(" | ") else f"{python_type} | None"


def safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def file_of(document: Document, noun: str) -> str:
    """Return the text of one noun's file."""
    types = sorted(name for name, of in document.noun_of.items() if of == noun)
    operations = [one for one in document.operations if one.noun == noun]
    body = [typed_dict(document, name) for name in types]
    if operations:
        title = "".join(part.title() for part in noun.split("_"))
        methods = "\n\n".join(method(document, one) for one in operations)
        plain = noun.replace("_", " ")
        body.append(
            f"class {title}(Caller):\n{docstring(f'The operations on {plain}.', 4)}\n\n{methods}"
        )
    text = "\n\n\n".join(body)
    header = HEADER.format(title=noun.capitalize().replace("_", " "))
    return f"{header}\n{_imports(document, noun, text)}\n\n\n{text}\n"


def _imports(document: Document, noun: str, text: str) -> str:
    used = set(re.findall(r"[A-Za-z_]\w*", text))
    typing = sorted({"Any", "Literal", "NotRequired", "TypedDict", "Unpack"} & used)
    lines = ["from __future__ import annotations", ""]
    if "Iterator" in used:
        lines.append("from collections.abc import Iterator")
    if typing:
        lines.append(f"from typing import {', '.join(typing)}")
    shared = sorted(
        name for name in used if document.noun_of.get(name) == SHARED and noun != SHARED
    )
    if "Caller" in used:
        names = ", ".join(sorted({"Caller", "quoted"} & used))
        lines += ["", f"from tributary_client.calling import {names}"]
    if shared:
        lines.append("from tributary_client.nouns.shared import (")
        lines += [f"    {name}," for name in shared] + [")"]
    return "\n".join(lines)


def files(document: Document) -> dict[str, str]:
    """Return the text of every file, by its name."""
    nouns = sorted({one.noun for one in document.operations})
    named = {f"{noun}.py": file_of(document, noun) for noun in [SHARED, *nouns]}
    classes = {noun: "".join(part.title() for part in noun.split("_")) for noun in nouns}
    imports = "\n".join(
        f"from tributary_client.nouns.{noun} import {title}" for noun, title in classes.items()
    )
    bases = "".join(f"    {title},\n" for title in classes.values())
    named["__init__.py"] = (
        HEADER.format(title="All nouns")
        + f'\n{imports}\n\n\nclass Nouns(\n{bases}):\n    """Every operation."""\n'
    )
    return named


def write(texts: Mapping[str, str], folder: Path) -> None:
    """Write the files into a folder, in the shape that ruff gives them."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    for command in (["format"], ["check", "--fix"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", folder], check=True)


def main() -> None:
    write(files(Document(json.load(sys.stdin))), HERE)


if __name__ == "__main__":
    main()
