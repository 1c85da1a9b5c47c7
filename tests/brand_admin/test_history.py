"""The audit log in words: every action that the code records has some."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from brand_admin.history import PAGES, WORDS, actions_saying, lines
from tests.cast import NOW

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "affiliates", "notifications", "offers", "payouts", "tracking")
RECORDED = re.compile(r'action="([a-z_]+\.[a-z_]+)"')


def recorded_actions() -> set[str]:
    """The actions named in the source of the packages that write the log."""
    sources = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    return {action for path in sources for action in RECORDED.findall(path.read_text())}


def test_every_recorded_action_has_words() -> None:
    actions = recorded_actions()

    assert len(actions) > 20
    assert actions - set(WORDS) == set()


@pytest.mark.parametrize(
    ("action", "detail", "words"),
    [
        ("code.given", {"code": "MARA15"}, "gave the code MARA15"),
        ("code.given", {}, "gave the code"),
        ("staff.role_given", {"role": "owner"}, "gave the role Owner"),
        ("moon.landed_on", {}, "moon: landed on"),
        ("conversion.rejected", {"reason": "{x} %s"}, "rejected the conversion: {x} %s"),
    ],
)
def test_an_entry_reads_as_a_sentence(action: str, detail: dict[str, str], words: str) -> None:
    entry = AuditEntry(at=NOW, actor="Ines", action=action, target="promocode:7", detail=detail)

    (line,) = lines([entry])

    assert (line.words, line.target) == (words, "promo code 7")


def test_every_page_that_a_line_leads_to_takes_its_number() -> None:
    for kind, page in PAGES.items():
        entry = AuditEntry(actor="demo", action="x", target=f"{kind}:12", at=NOW)
        (line,) = lines([entry])

        assert (line.page, line.number) == (page, 12)
        assert "/12/" in reverse(page, args=["juniper", line.number])


def test_what_has_no_page_leads_nowhere_and_tells_who() -> None:
    entry = AuditEntry(
        actor="Ines Castell <ines@juniper.example>", action="x", target="apikey:3", at=NOW
    )

    (line,) = lines([entry])

    assert (line.page, line.target) == ("", "API key 3")
    assert (line.address, actions_saying("API KEY")) == (
        "ines@juniper.example",
        ["api_key.created", "api_key.revoked"],
    )
