"""Mail a brand's figures, with a PDF and a CSV file, to the staff who chose that."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from django.utils import timezone
from django.utils.text import slugify

from accounts.admin_links import admin_address
from accounts.models import Brand, ReportEvery, Staff
from accounts.staff_mails import claim_report, last_morning, mail_claimed, reports_due
from brand_admin.reporting.report import Report, report_of, report_rows
from core.csv_export import csv_file
from core.postgres.outages import defects_logged
from core.tenancy import acting_for
from core.transactional_mail import Attachment

TEMPLATE = "staff/report"
TOP = 5  # offers and members in the mail itself
logger = logging.getLogger(__name__)


def mail_reports(*, now: datetime) -> int:
    """Mail every report that is due; return how many the mail server took.

    Two processes may do this at once.
    """
    mailed = 0
    alike = groupby(reports_due(now=now), key=lambda staff: (staff.brand, staff.report))
    for (brand, every), people in alike:
        with acting_for(brand), defects_logged(logger, "reports could not be mailed"):
            mailed += _mail_all(brand, ReportEvery(every), people, now=now)
    return mailed


def _mail_all(brand: Brand, every: ReportEvery, people: Iterable[Staff], *, now: datetime) -> int:
    """Mail all of them the same report, which is made once, and before a mail is claimed."""
    with timezone.override(brand.zone):
        morning = last_morning(now, brand.zone, every=every)
        report = report_of(brand, every, morning=morning)
        values, files = _values(report), _files(report)
        return sum(
            mail_claimed(staff, TEMPLATE, now=now, values=values, attachments=files)
            for staff in people
            if claim_report(staff, now=now)
        )


def _values(report: Report) -> dict[str, object]:
    days = f"range=custom&first={report.period.first}&last={report.period.last}"
    return {
        "brand": report.brand.name,
        "title": report.title,
        "figures": report.figures,
        "offers": [row.offer.name for row in report.offers[:TOP]],
        "members": [row.enrollment.member.full_name for row in report.members[:TOP]],
        "page": admin_address(report.brand, f"reporting/sales-tracking/?status=all&{days}"),
        "choose": admin_address(report.brand, "settings/account/"),
    }


def _files(report: Report) -> Sequence[Attachment]:
    from brand_admin.reporting.report_pdf import report_pdf  # see core.pdf_document

    name = slugify(f"{report.brand.slug} {report.title}")
    rows = "".join(csv_file(report_rows(report)))
    return (
        Attachment(f"{name}.pdf", report_pdf(report), "application/pdf"),
        Attachment(f"{name}.csv", rows.encode(), "text/csv"),
    )
