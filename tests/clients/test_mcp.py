"""An assistant asks over MCP: the official client starts the server as an assistant does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from mcp import Client as Assistant
from mcp import StdioServerParameters
from mcp.types import TextContent
from tributary_client import Client
from tributary_client.mcp import server_for

from core.tenancy import acting_for
from payouts.models import LedgerEntry, Payout, PayoutRun
from tests.api.shop import key_for
from tests.cast import Cast
from tests.event_loop import run
from tracking.models import Conversion

pytestmark = pytest.mark.django_db(transaction=True)
MODULE = [sys.executable, "-m", "tributary_client.mcp"]
Asking = Callable[[Assistant], Coroutine[Any, Any, Any]]


@pytest.fixture
def sold(cast: Cast, live_server: Any) -> Cast:
    """Mara sold for 80.00 on 25 November 2026, and is due 10.00."""
    with Client(key_for(cast.juniper), address=live_server.url) as tributary:
        taken = tributary.send_order(
            order_id="1001",
            ordered_at="2026-11-25T10:00:00Z",
            currency="GBP",
            promo_code="MARA15",
            lines=[{"quantity": 2, "unit_price": "40.00"}],
        )
        assert taken["outcome"] == "recorded", taken
        [conversion] = tributary.list_conversions()
        tributary.post_adjustment(
            enrollment=str(conversion["enrollment"]), amount="10.00", note="a gift"
        )
    return cast


def asked(key: str, address: str, asking: Asking) -> Any:
    """What the assistant is told by a server within this process."""

    async def ask() -> Any:
        with Client(key, address=address) as tributary:
            async with Assistant(server_for(tributary)) as assistant:
                return await asking(assistant)

    return run(ask())


def test_how_did_mara_do_last_month(sold: Cast, live_server: Any) -> None:
    """Over the input and output of a process, as assistants start it."""
    environment = {
        **os.environ,
        "TRIBUTARY_KEY": key_for(sold.juniper),
        "TRIBUTARY_ADDRESS": live_server.url,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    server = StdioServerParameters(command=MODULE[0], args=MODULE[1:], env=environment)

    async def ask() -> tuple[Any, Any]:
        async with Assistant(server) as assistant:
            found = await assistant.call_tool("find_members", {"search": "Mara"})
            [mara] = found.structured_content["rows"]
            month = {"member": mara["id"], "first": "2026-11-01", "last": "2026-11-30"}
            figures = await assistant.call_tool("figures_of_member", month)
            return mara, figures.structured_content

    mara, figures = run(ask())

    assert mara["first_name"] == "Mara"
    rows = [row for row in figures["data"] if row["conversions"] or row["pending"]]
    assert [(row["member"], row["sales"]["amount"]) for row in rows] == [(mara["id"], "80.00")]


def test_every_question_can_be_asked(sold: Cast, live_server: Any) -> None:
    async def ask(assistant: Assistant) -> dict[str, Any]:
        tools = (await assistant.list_tools()).tools
        told: dict[str, Any] = {}
        members = await assistant.call_tool("find_members", {"search": "mara"})
        offers = await assistant.call_tool("offers", {})
        known = {
            "search": "mara",
            "member": members.structured_content["rows"][0]["id"],
            "offer": offers.structured_content["rows"][-1]["id"],
            "currency": "GBP",
            "by": "link",
        }
        for tool in tools:
            needed = {name: known[name] for name in tool.input_schema.get("required", ())}
            answer = await assistant.call_tool(tool.name, needed)
            reads = tool.annotations and tool.annotations.read_only_hint
            told[tool.name] = (reads, answer.is_error, answer.content)
        return told

    told = asked(key_for(sold.juniper), live_server.url, ask)

    assert [name for name, (is_read, _, _) in told.items() if not is_read] == ["draft_payout_run"]
    assert {name: content for name, (_, is_error, content) in told.items() if is_error} == {}


def test_nothing_is_changed_but_a_draft(sold: Cast, live_server: Any) -> None:
    def counts() -> list[int]:
        with acting_for(sold.juniper):
            return [rows.objects.count() for rows in (Payout, Conversion, LedgerEntry)]

    before = counts()

    async def ask(assistant: Assistant) -> Any:
        return await assistant.call_tool("draft_payout_run", {"currency": "GBP"})

    drafted = asked(key_for(sold.juniper), live_server.url, ask)

    assert not drafted.is_error, drafted.content
    assert counts() == before
    with acting_for(sold.juniper):
        assert PayoutRun.objects.get().state == "draft"


def test_a_refusal_is_a_sentence(sold: Cast, live_server: Any) -> None:
    async def ask(assistant: Assistant) -> Any:
        return await assistant.call_tool("due", {"member": "mem_nobody"})

    told = asked(key_for(sold.juniper), live_server.url, ask)

    assert told.is_error
    assert "member: string should match" in told.content[0].text


def test_half_a_character_is_refused_with_a_sentence(sold: Cast, live_server: Any) -> None:
    """In each text of each tool; those with a choice of texts name the choice."""

    async def ask(assistant: Assistant) -> dict[tuple[str, str], str]:
        told: dict[tuple[str, str], str] = {}
        for tool in (await assistant.list_tools()).tools:
            needed = dict.fromkeys(tool.input_schema.get("required", ()), "link")
            for name in tool.input_schema["properties"]:
                answer = await assistant.call_tool(tool.name, {**needed, name: "a\ud800"})
                assert answer.is_error
                [sentence] = answer.content
                assert isinstance(sentence, TextContent)
                told[tool.name, name] = sentence.text
        return told

    told = asked(key_for(sold.juniper), live_server.url, ask)

    choices = {("sources_of_clicks", "by"), ("conversions", "status")}
    assert ("find_members", "search") in told
    for (tool, name), sentence in told.items():
        said = f"{name}: The text has half of a character (U+D800 to U+DFFF). Send it without it."
        if (tool, name) in choices:
            assert f"{name}\n  Input should be a valid string" in sentence
        else:
            assert sentence == f"Error executing tool {tool}: {said}"


def test_another_brand_is_not_seen(sold: Cast, live_server: Any) -> None:
    async def ask(assistant: Assistant) -> Any:
        return await assistant.call_tool("find_members", {"search": "Mara"})

    assert asked(key_for(sold.saltmarsh), live_server.url, ask).structured_content["rows"] == []


def test_without_a_key_it_says_what_is_needed() -> None:
    ended = subprocess.run(
        MODULE,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "TRIBUTARY_KEY" in ended.stderr) == (2, True)
