"""What several rows state of the one order, or refund, that they are of.

An empty cell says the same as the other rows. Two cells that differ are refused, compared as they
are read: codes by their normal form, currencies whatever their case, times as moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracking.importing.csv_rows import Row
from tracking.links.code_text import normal_code
from tracking.orders.facts import FieldProblem, Problems
from tracking.orders.fields import CodesField, Field, each_once
from tracking.orders.reading import InputError

Fields = Mapping[str, Field[Any]]  # by the file's column
Stated = dict[str, tuple[int, str]]  # by column: the index of the row that states it, and the cell


def stated_once(rows: Sequence[Row], fields: Fields) -> Stated:
    """Return what each column states, "" where no row does. Raises InputError."""
    columns = tuple(fields)
    first = [rows[0][1].get(name, "") for name in columns]
    found = {
        name: (0, cell if cell.strip() else "") for name, cell in zip(columns, first, strict=True)
    }
    for index, (_, cells) in enumerate(rows[1:], 1):
        here = [cells.get(name, "") for name in columns]
        if here != first:
            for name, cell in zip(columns, here, strict=True):
                if cell.strip():
                    _add(found, name, (index, cell), rows, fields[name])
    return found


def _add(
    found: Stated, name: str, said: tuple[int, str], rows: Sequence[Row], field: Field[Any]
) -> None:
    before, known = found[name]
    index, cell = said
    if not known:
        found[name] = said
    elif cell != known and _compared(field, cell) != _compared(field, known):
        line = rows[before][0]
        message = f"{cell.strip()!r} differs from {known.strip()!r} on line {line}"
        raise InputError(FieldProblem(f"lines.{index}.{name}", "lines_disagree", message))


def _compared(field: Field[Any], cell: str) -> Any:
    problems = Problems()
    value = field.read({field.name: cell}, problems)
    if problems.found:
        return cell.strip()
    return each_once(map(normal_code, value)) if isinstance(field, CodesField) else value


def placed(problems: Iterable[FieldProblem], stated: Stated, fields: Fields) -> list[FieldProblem]:
    """Return the problems, each of a cell that a further row states with the place of that row."""
    column_of = {field.name: column for column, field in fields.items()}
    found = []
    for problem in problems:
        column = column_of.get(problem.field, "")
        index = stated[column][0] if column else 0
        place = f"lines.{index}.{column}" if index else problem.field
        found.append(FieldProblem(place, problem.code, problem.message))
    return found
