"""What a database consists of, read from PostgreSQL's catalogue, and where two differ."""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg import sql

from config.local.drill.connecting import Connection

# Each query gives lines of text: a line that only one of two databases has is a difference.
QUERIES = {
    "columns": """
SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
  CASE WHEN a.attnotnull THEN 'not null' END, a.attidentity, a.attgenerated,
  pg_get_expr(d.adbin, d.adrelid))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
""",
    # A constraint that is not validated holds for new rows alone; one can also be not enforced.
    "constraints": """
SELECT concat_ws(' ', c.relname, o.conname, pg_get_constraintdef(o.oid),
  CASE WHEN o.convalidated THEN 'validated' ELSE 'NOT VALIDATED' END,
  CASE WHEN o.conenforced THEN 'enforced' ELSE 'NOT ENFORCED' END)
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
WHERE c.relnamespace = 'public'::regnamespace
""",
    "indexes": """
SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid),
  CASE WHEN i.indisvalid AND i.indisready THEN 'valid' ELSE 'NOT VALID' END)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace
""",
    "triggers": """
SELECT concat_ws(' ', pg_get_triggerdef(t.oid),
  CASE t.tgenabled WHEN 'O' THEN 'enabled' ELSE 'NOT ENABLED: ' || t.tgenabled::text END)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
""",
    # Those that keep foreign keys have numbers for names: they are counted.
    "triggers of foreign keys": """
SELECT concat_ws(' ', c.relname, count(*), t.tgenabled)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND t.tgisinternal
GROUP BY c.relname, t.tgenabled
""",
    "functions": """
SELECT concat_ws(' ', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)))
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
""",
    "sequences": """
SELECT concat_ws(' ', c.relname, s.seqtypid::regtype, s.seqincrement, s.seqmax, s.seqcycle)
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
WHERE c.relnamespace = 'public'::regnamespace
""",
    "extensions": "SELECT concat_ws(' ', extname, extversion) FROM pg_extension",
    "locale": """
SELECT concat_ws(' ', pg_encoding_to_char(encoding), datlocprovider, datlocale)
FROM pg_database WHERE datname = current_database()
""",
}
_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
"""
_COUNTERS = """
SELECT c.relname, a.attname, pg_get_serial_sequence(c.oid::regclass::text, a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attidentity <> ''
ORDER BY 1, 2
"""

# PostgreSQL writes `state IN ('a', 'b')` in one way when it was typed and in another when it was
# read back from a dump: (ARRAY['a'::varchar])::text[] or ARRAY[('a'::varchar)::text]
_CAST_OF_ALL = re.compile(r"\(ARRAY\[([^\]]*)\]\)::text\[\]")
_CAST_OF_EACH = re.compile(r"\(('(?:[^']|'')*'::character varying)\)::text")

Catalogue = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many rows a table has, and a number that changes when one of them does."""

    rows: int
    digest: int


def read_catalogue(connection: Connection) -> Catalogue:
    """Everything that QUERIES ask for."""
    return {
        what: frozenset(_in_one_way(line) for (line,) in connection.execute(query))
        for what, query in QUERIES.items()
    }


def _in_one_way(line: str) -> str:
    return _CAST_OF_EACH.sub(r"\1", _CAST_OF_ALL.sub(r"ARRAY[\1]", line))


def read_contents(connection: Connection) -> dict[str, Fingerprint]:
    """A fingerprint of every table, all of one moment if the transaction has one snapshot."""
    found = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        # Of the rows as text: hashes are added, so their order doesn't matter.
        query = sql.SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {} AS t"
        )
        row = connection.execute(query.format(sql.Identifier("public", table))).fetchone()
        assert row is not None  # noqa: S101
        found[table] = Fingerprint(int(row[0]), int(row[1]))
    return found


def catalogue_differences(original: Catalogue, copy: Catalogue) -> list[str]:
    """What one of the two has and the other has not, in words."""
    return [
        f"{what}: {where}: {line}"
        for what in QUERIES
        for where, lines in (
            ("only in the original", original[what] - copy[what]),
            ("only in the copy", copy[what] - original[what]),
        )
        for line in sorted(lines)
    ]


def content_differences(
    original: dict[str, Fingerprint], copy: dict[str, Fingerprint]
) -> list[str]:
    """The tables that do not hold the same rows, in words."""
    found = []
    for table in sorted(original.keys() | copy.keys()):
        ours, theirs = original.get(table), copy.get(table)
        if ours != theirs:
            counts = [f"{one.rows:,} rows" if one else "no table" for one in (ours, theirs)]
            found.append(f"{table}: {counts[0]} in the original, {counts[1]} in the copy")
    return found


def sequences_behind(connection: Connection) -> list[str]:
    """The sequences whose next number is in their table already, in words."""
    found = []
    for table, column, sequence in connection.execute(_COUNTERS).fetchall():
        query = sql.SQL("SELECT max({}), (SELECT last_value FROM {}) FROM {}").format(
            sql.Identifier(column), sql.SQL(sequence), sql.Identifier("public", table)
        )
        row = connection.execute(query).fetchone()
        assert row is not None  # noqa: S101
        if row[0] is not None and row[0] > row[1]:
            found.append(f"{sequence} stands at {row[1]}, {table}.{column} at {row[0]}")
    return found
