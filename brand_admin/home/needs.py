"""What needs a person's attention, in rows: for Home, and for the mail about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brand_admin.home.counts import Attention
from core.components.page_urls import page_url
from core.references import Reference
from core.templatetags.display import count, money
from integrations.selectors import NoticeKind
from tracking.figures.offer_report import CurrencySummary

TO_CHECK, TO_DO, WAITING, FAILED = "To check", "To do", "Waiting", "Failed"
BADGES = {
    NoticeKind.ACCESS: "Access refused",
    NoticeKind.SILENT: "Silent",
    NoticeKind.FAILED: FAILED,
    NoticeKind.REFUSED: "Refused",
}
BAD = {"Access refused", FAILED, "Refused", "Webhooks disabled"}


@dataclass(frozen=True, slots=True)
class Need:
    """A row: what it is, how many, what to know, and the page that shows them.

    `key` names it for ever; `number` is what grows when there is more of it.
    """

    key: str
    title: str
    note: str
    path: str
    badge: str
    number: int = 1
    amount: str = ""

    @property
    def tone(self) -> str:
        return "bad" if self.badge in BAD else "wait"


def needs(attention: Attention, *, slug: str, due: Sequence[CurrencySummary] = ()) -> list[Need]:
    """Return the rows of what there is, the most urgent first.

    `due` are the amounts that may be paid now, by currency.
    """
    rows = [
        *_of_systems(attention, slug),
        *_of_sales(attention, slug),
        *_of_payments(attention, slug, due),
        *_of_members(attention, slug),
    ]
    return [row for row in rows if row.number]


def _of_systems(attention: Attention, slug: str) -> Iterator[Need]:
    for notice in attention.connections:
        yield Need(
            key=f"{Reference.to(notice.connection)} {notice.kind}",
            title=notice.connection.name,
            note=notice.text,
            path=page_url("brand_admin:connection", [slug, notice.connection.pk]),
            badge=BADGES.get(notice.kind, TO_CHECK),
        )
    for endpoint in attention.webhooks:
        yield Need(
            key=Reference.to(endpoint),
            title=endpoint.title,
            note=endpoint.reason,
            path=page_url("brand_admin:webhook", [slug, endpoint.pk]),
            badge="Webhooks disabled",
        )
    yield _counted(
        "imports",
        "Imports that failed",
        attention.failed_imports,
        "In the last 7 days. Nothing of them is half done.",
        _page("work_list", slug),
        FAILED,
    )


def _of_sales(attention: Attention, slug: str) -> Iterator[Need]:
    flags, recent = _page("flags", slug), attention.recent_query
    yield _counted(
        "pending",
        "Conversions to review",
        attention.pending,
        "They earn nothing until accepted.",
        _page("conversions", slug, "?status=undecided&sort=time"),
        WAITING,
    )
    yield _counted(
        "flags",
        "Flagged sales",
        attention.flags,
        "Something is unusual about them.",
        f"{flags}?sort=raised",
        TO_CHECK,
    )
    yield _counted(
        "leaks",
        "Leaked codes",
        attention.leaked_codes,
        "Strangers seem to spread them.",
        flags,
        TO_CHECK,
    )
    yield _counted(
        "questions",
        "Questions from members",
        attention.questions,
        "They miss a sale, and wait for your answer.",
        _page("questions", slug),
        WAITING,
    )
    yield Need(
        "unattributed",
        "Orders that no member is credited for",
        "In the last 30 days. If there are many, the shop may be wired wrongly: look at what their"
        " codes say.",
        _page("unattributed", slug, recent),
        TO_CHECK,
        attention.unattributed,
        attention.unattributed_in_words,
    )
    yield Need(
        "refunds",
        "Refunds to check",
        "They wait for their order, or took less than they asked.",
        _page("refunds", slug, recent),
        TO_CHECK,
        attention.refunds,
        attention.refunds_in_words,
    )


def _of_payments(attention: Attention, slug: str, due: Sequence[CurrencySummary]) -> Iterator[Need]:
    yield _counted(
        "runs",
        "Payout runs to confirm",
        attention.runs_to_confirm,
        "They are drawn up. Nobody is paid before you confirm.",
        _page("payment_runs", slug),
        TO_DO,
    )
    yield _counted(
        "failed_payments",
        "Payments that failed",
        attention.failed_payments,
        "In the last 30 days. The amounts are due again.",
        _page("payments_sent", slug, "?state=failed"),
        FAILED,
    )
    for summary in due:
        yield Need(
            key=f"due:{summary.currency}",
            title="Payments due",
            note="What members earned and may be paid now.",
            path=_page("payments", slug),
            badge="Due",
            number=summary.due.members,
            amount=money(summary.payments_due),
        )


def _of_members(attention: Attention, slug: str) -> Iterator[Need]:
    projects = _page("projects", slug)
    yield _counted(
        "without_items",
        "Members without a code or link",
        attention.without_items,
        "They can't sell yet: generate their items in a project.",
        projects,
        TO_DO,
    )
    yield _counted(
        "not_sent",
        "Sales Tracking Items not sent",
        attention.not_sent,
        "They have a code or link that was not sent to them yet.",
        projects,
        TO_DO,
    )
    yield _counted(
        "failed_sends",
        "Mails that failed or bounced",
        attention.failed_sends,
        "In the last 30 days.",
        _page("emails", slug),
        FAILED,
    )
    yield _counted(
        "unknown_sends",
        "Mails that may or may not have arrived",
        attention.unknown_sends,
        "They are not sent again automatically.",
        _page("messages", slug, "?state=unknown"),
        "Unknown",
    )


def _counted(key: str, title: str, number: int, note: str, path: str, badge: str) -> Need:
    return Need(key, title, note, path, badge, number, count(number))


def _page(name: str, slug: str, query: str = "") -> str:
    return f"{page_url(f'brand_admin:{name}', [slug])}{query}"
