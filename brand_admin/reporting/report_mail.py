"""Mail a brand's figures, with a PDF and a CSV file, to the staff who chose that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import ReportEvery, Staff
from accounts.staff_mails import claim_report, is_report_due, last_morning, mail_claimed, who_chose
from brand_admin.reporting.report import Report, report_of, report_pdf, report_rows
from core.csv_export import csv_file
from core.tenancy import acting_for
from core.transactional_mail import Attachment

TEMPLATE = "staff/report"
TOP = 5  # offers and members in the mail itself


def mail_reports(*, now: datetime) -> int:
    """Mail every report that is due; return how many the mail server took.

    Two processes may do this at once.
    """
    due = [one for one in who_chose(report=ReportEvery.NEVER) if is_report_due(one, now=now)]
    due.sort(key=lambda staff: (staff.brand_id, staff.report))
    mailed = 0
    for (brand, every), people in groupby(due, key=lambda staff: (staff.brand, staff.report)):
        with acting_for(brand), timezone.override(brand.zone):
            kind = ReportEvery(every)
            morning = last_morning(now, brand.zone, every=kind)
            report = report_of(brand, kind, morning=morning)
            mailed += sum(_mail(staff, report, now=now) for staff in people)
    return mailed


def _mail(staff: Staff, report: Report, *, now: datetime) -> bool:
    if not claim_report(staff, now=now):
        return False
    site = f"{settings.BASE_URL}/admin/{report.brand.slug}"
    period = f"first={report.period.first}&last={report.period.last}"
    return mail_claimed(
        staff,
        TEMPLATE,
        now=now,
        values={
            "brand": report.brand.name,
            "title": report.title,
            "figures": list(report.figures()),
            "offers": [row.offer.name for row in report.offers[:TOP]],
            "members": [row.enrollment.member.full_name for row in report.members[:TOP]],
            "page": f"{site}/reporting/sales-tracking/?range=custom&{period}",
            "choose": f"{site}/settings/account/",
        },
        attachments=_files(report),
    )


def _files(report: Report) -> Sequence[Attachment]:
    name = slugify(f"{report.brand.slug} {report.title}")
    rows = "".join(csv_file(report_rows(report)))
    return (
        Attachment(f"{name}.pdf", report_pdf(report), "application/pdf"),
        Attachment(f"{name}.csv", rows.encode(), "text/csv"),
    )
