"""An MCP server for assistants: what happened in a brand, asked with an API key.

    TRIBUTARY_KEY=trb_live_… TRIBUTARY_ADDRESS=https://… python -m tributary_client.mcp

It speaks over its input and output, as assistants start it. A key with the scope `read` is enough.
Nothing is changed, but one thing with a key that may pay: a payout run can be drafted, which a
person then confirms in Tributary, or discards.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import wraps
from itertools import islice
from typing import Any, Literal, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from tributary_client import ApiError, Client, Unreachable, UnreadableAnswerError

T = TypeVar("T")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
MAX_ROWS = 100  # of an answer; an assistant reads no more
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False)
DRAFTS = ToolAnnotations(read_only_hint=False, destructive_hint=False)
INSTRUCTIONS = """
Tributary tracks affiliate sales: members share codes and links, orders are credited to them as
conversions, and they earn a commission. Days are those of the brand, as YYYY-MM-DD, and both the
first and the last are part of a period. Amounts are decimals with their currency. To answer for a
person, find their id with find_members first.
""".strip()
Day = str | None


class Tools:
    """What an assistant may ask. Lists hold up to MAX_ROWS, the newest first."""

    def __init__(self, tributary: Client) -> None:
        self._tributary = tributary

    def find_members(self, search: str) -> dict[str, Any]:
        """Find members by words of their name or address. Returns their ids and details."""
        return _rows(self._tributary.list_members(search=search))

    def offers(self) -> dict[str, Any]:
        """List the offers with their terms and state."""
        return _rows(self._tributary.list_offers(expand="terms"))

    def figures_of_member(self, member: str, first: Day = None, last: Day = None) -> dict[str, Any]:
        """Return what a member brought and earned in a period, for each of their offers."""
        return dict(
            self._tributary.show_figures(by="member", member=member, first=first, last=last)
        )

    def figures_of_offers(self, first: Day = None, last: Day = None) -> dict[str, Any]:
        """Return clicks, conversions, sales and commission of every offer in a period."""
        return dict(self._tributary.show_figures(by="offer", first=first, last=last))

    def figures_of_members(
        self, offer: str, first: Day = None, last: Day = None, cursor: str | None = None
    ) -> dict[str, Any]:
        """Return the figures of an offer's members, page by page (next_cursor)."""
        return dict(
            self._tributary.show_figures(
                by="member", offer=offer, first=first, last=last, cursor=cursor, limit=MAX_ROWS
            )
        )

    def figures_by_day(self, offer: str, first: Day = None, last: Day = None) -> dict[str, Any]:
        """Return the figures of an offer for each day that has some."""
        return dict(self._tributary.show_figures(by="day", offer=offer, first=first, last=last))

    def sources_of_clicks(
        self,
        offer: str,
        by: Literal["link", "sub1", "referrer", "country", "device"],
        member: str | None = None,
        first: Day = None,
        last: Day = None,
    ) -> dict[str, Any]:
        """Return where an offer's clicks came from in a period, or a member's in it."""
        return dict(
            self._tributary.show_sources(
                by=by, offer=offer, member=member, first=first, last=last, limit=MAX_ROWS
            )
        )

    def conversions(
        self,
        member: str | None = None,
        offer: str | None = None,
        status: Literal["pending", "accepted", "rejected"] | None = None,
        created_since: str | None = None,
    ) -> dict[str, Any]:
        """List conversions, each with why it was credited, its sale and its commission."""
        found = self._tributary.list_conversions(
            member=member, offer=offer, status=status, created_since=created_since
        )
        return _rows(found)

    def orders_without_a_member(self) -> dict[str, Any]:
        """List orders that no member is credited for, with the reason."""
        return _rows(self._tributary.list_orders(unattributed=True))

    def due(self, member: str) -> dict[str, Any]:
        """Return what a member can be paid now, by currency."""
        return dict(self._tributary.show_due(member=member))

    def payouts(self, member: str | None = None) -> dict[str, Any]:
        """List payments to members, with their state."""
        return _rows(self._tributary.list_payouts(member=member))

    def questions(self) -> dict[str, Any]:
        """List what members asked about sales that they miss."""
        return _rows(self._tributary.list_questions())

    def draft_payout_run(self, currency: str, minimum: str = "0") -> dict[str, Any]:
        """Draft a payout run of all who are due. Nobody is paid before a person confirms it."""
        return dict(self._tributary.draft_new_run(currency=currency, minimum=minimum))


def _rows(found: Iterator[T]) -> dict[str, Any]:
    rows = list(islice(found, MAX_ROWS + 1))
    return {"rows": rows[:MAX_ROWS], "has_more": len(rows) > MAX_ROWS}


def server_for(tributary: Client) -> MCPServer:
    """Return an MCP server that asks with this client."""
    server = MCPServer("tributary", title="Tributary", instructions=INSTRUCTIONS)
    tools = Tools(tributary)
    for name in sorted(name for name in vars(Tools) if not name.startswith("_")):
        ask = _sentences(getattr(tools, name))
        server.add_tool(ask, annotations=DRAFTS if name.startswith("draft") else READS)
    return server


def _sentences(ask: Any) -> Any:
    """Let the assistant read why it was refused."""

    @wraps(ask)
    def answer(*args: Any, **sent: Any) -> Any:
        _refuse_half_characters(sent)
        try:
            return ask(*args, **sent)
        except (ApiError, Unreachable, UnreadableAnswerError) as error:
            raise ToolError(str(error)) from error

    return answer


def _refuse_half_characters(sent: dict[str, Any]) -> None:
    """Refuse text that no request can hold: UTF-8 has no half of a surrogate pair."""
    for name, text in sent.items():
        if isinstance(text, str) and HALF_CHARACTER.search(text):
            raise ToolError(
                f"{name}: The text has half of a character (U+D800 to U+DFFF). Send it without it."
            )


def main() -> int:
    key, address = os.environ.get("TRIBUTARY_KEY", ""), os.environ.get("TRIBUTARY_ADDRESS", "")
    if not key or not address:
        sys.stderr.write("Set TRIBUTARY_KEY to an API key, and TRIBUTARY_ADDRESS.\n")
        return 2
    with Client(key, address=address) as tributary:
        server_for(tributary).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
