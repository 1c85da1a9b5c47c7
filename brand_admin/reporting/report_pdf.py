"""A brand's figures of a week or a month as a PDF document."""

from __future__ import annotations

from brand_admin.reporting.report import TOP_MEMBERS, Report
from core.pdf_document import SOFT, Document
from core.templatetags.display import count, money


def report_pdf(report: Report) -> bytes:
    """Return the report as PDF: the sums, the offers, and the best members."""
    page = Document(f"{report.brand.name}: {report.title}", made_at=report.now)
    page.say(report.brand.name, size=10, colour=SOFT)
    page.say(report.title, size=20, style="B", gap=4)
    for currency, facts in report.figures:
        page.say(currency, size=12, style="B")
        page.write_facts(facts)
    page.write_titled_table(
        "Offers",
        ["Offer", "Clicks", "Conversions", "Sales", "Commission"],
        [
            [
                row.offer.name,
                count(row.figures.totals.clicks),
                count(row.figures.totals.conversions),
                money(row.figures.sales),
                money(row.figures.commission),
            ]
            for row in report.offers
        ],
        right=4,
    )
    page.write_titled_table(
        "Best members",
        ["Member", "Conversions", "Sales", "Commission"],
        [
            [
                f"{row.enrollment.member} · {row.enrollment.offer.name}",
                count(row.totals.conversions),
                money(row.money(row.totals.sales_minor)),
                money(row.money(row.totals.commission_minor)),
            ]
            for row in report.members[:TOP_MEMBERS]
        ],
        right=3,
    )
    return bytes(page.output())
