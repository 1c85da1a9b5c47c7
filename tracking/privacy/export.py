"""Everything that is stored about one person, over all brands, as a ZIP of CSV files.

It is made for each download and not stored. It holds what the person's dashboards show, and mails
and questions to and from them. It holds nothing about shoppers, and only the last characters of
order numbers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from django.db.models import F

from accounts.models import User
from accounts.passkeys import passkeys_of
from accounts.sessions import open_sessions
from affiliates.models import Creator, Member, MemberHandle
from core.csv_export import csv_file
from core.money import Money
from core.references import Reference
from core.templatetags.display import masked_reference
from core.tenancy import across_brands
from notifications.models import Message
from offers.models import Enrollment
from payouts.details import own_destination
from payouts.models import LedgerEntry, Payout
from payouts.releases import releases_of
from tracking.figures.creator_brands import memberships_of
from tracking.links.items import link_url
from tracking.models import Conversion, LinkSlug, PromoCode, Question, TrackingLink

Rows = Iterator[list[str]]
BATCH_ROWS = 2_000


def write_export(
    *,
    creator: Creator,
    user: User,
    to: IO[bytes],
    now: datetime,
    more: Iterable[tuple[str, Rows]] = (),
) -> None:
    """Write the ZIP. Amounts are plain decimals, times ISO 8601 in UTC.

    `more` are further files, of apps that this one does not know: their names and rows.
    """
    with (
        across_brands(reason="a person may have everything that is kept about them"),
        zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, rows in (
            ("you", _you(creator, user)),
            ("payout_details", _payout_details(creator)),
            ("payout_details_shared", _releases(creator)),
            ("brands", _brands(creator)),
            ("offers", _offers(creator)),
            ("codes_and_links", _items(creator)),
            ("conversions", _conversions(creator)),
            ("ledger", _ledger(creator)),
            ("payments", _payments(creator)),
            ("questions", _questions(creator)),
            ("emails", _emails(creator)),
            ("sessions", _sessions(user, now=now)),
            ("passkeys", _passkeys(user)),
            *more,
        ):
            _write(archive, f"{name}.csv", rows)


def _write(archive: zipfile.ZipFile, name: str, rows: Iterable[list[str]]) -> None:
    with archive.open(name, "w") as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        text.writelines(csv_file(rows))


def _you(creator: Creator, user: User) -> Rows:
    yield ["what", "value"]
    yield ["email", creator.email]
    yield ["known_since", _time(creator.since)]
    yield ["first_asked_for_a_login", _time(user.joined_at)]
    yield ["last_login", _time(user.last_login)]
    yield ["language", creator.language]


def _payout_details(creator: Creator) -> Rows:
    yield ["what", "value"]
    destination = own_destination(creator)
    if destination is not None:
        yield from ([name, value] for name, value in destination.values().items() if value)


def _releases(creator: Creator) -> Rows:
    yield ["brand", "shared_at", "taken_back_at"]
    for row in releases_of(creator):
        yield [row.brand.name, _time(row.released_at), _time(row.taken_back_at)]


def _brands(creator: Creator) -> Rows:
    yield ["brand", "first_name", "last_name", "email", "joined_at", "handles", "gets_no_mail_why"]
    handles: dict[int, list[str]] = {}
    for row in MemberHandle.objects.filter(member__creator=creator).order_by("platform"):
        handles.setdefault(row.member_id, []).append(f"{row.platform} {row.handle}")
    for membership in memberships_of(creator):
        member = membership.member
        yield [
            membership.brand.name,
            member.first_name,
            member.last_name,
            member.email,
            _time(member.joined_at),
            "; ".join(handles.get(member.pk, [])),
            membership.reason,
        ]


def _offers(creator: Creator) -> Rows:
    yield ["brand", "offer", "status", "joined_at"]
    rows = Enrollment.objects.filter(member__creator=creator).select_related("brand", "offer")
    for row in rows.order_by("pk"):
        yield [row.brand.name, row.offer.name, row.status, _time(row.joined_at)]


def _items(creator: Creator) -> Rows:
    yield ["brand", "offer", "kind", "what", "status", "made_at", "label"]
    mine = {"enrollment__member__creator": creator}
    related = ("brand", "enrollment__offer")
    for code in PromoCode.objects.filter(**mine).select_related(*related).order_by("pk"):
        offer = code.enrollment.offer.name
        made = _time(code.created_at)
        yield [code.brand.name, offer, "code", code.code, code.status, made, ""]
    for link in TrackingLink.objects.filter(**mine).select_related(*related).order_by("pk"):
        offer = link.enrollment.offer.name
        made = _time(link.created_at)
        url = link_url(link.slug, link.brand.link_host)
        yield [link.brand.name, offer, "link", url, link.status, made, link.label]
    earlier = LinkSlug.objects.filter(link__enrollment__member__creator=creator).exclude(
        slug=F("link__slug")
    )
    for row in earlier.select_related("brand", "link__enrollment__offer").order_by("pk"):
        offer, made = row.link.enrollment.offer.name, _time(row.given_at)
        url = link_url(row.slug, row.brand.link_host)
        yield [row.brand.name, offer, "earlier link", url, row.link.status, made, row.link.label]


def _conversions(creator: Creator) -> Rows:
    yield ["brand", "offer", "order", "ordered_at", "currency", "sale", "refunded", "commission",
           "status", "reason", "why_yours"]  # fmt: skip
    rows = Conversion.objects.filter(member__creator=creator).select_related(
        "brand", "offer", "order"
    )
    for row in rows.order_by("occurred_at", "pk").iterator(chunk_size=BATCH_ROWS):
        yield [
            row.brand.name,
            row.offer.name,
            masked_reference(row.order.external_id),
            _time(row.occurred_at),
            row.currency,
            row.sale.plain(),
            row.refunded.plain(),
            row.commission.plain(),
            row.status,
            row.reason,
            row.why,
        ]


def _ledger(creator: Creator) -> Rows:
    yield ["brand", "offer", "kind", "amount", "currency", "posted_at", "available_at", "note"]
    rows = LedgerEntry.objects.filter(enrollment__member__creator=creator).select_related(
        "brand", "enrollment__offer"
    )
    for row in rows.order_by("posted_at", "pk").iterator(chunk_size=BATCH_ROWS):
        yield [
            row.brand.name,
            row.enrollment.offer.name,
            row.kind,
            Money(row.amount_minor, row.currency).plain(),
            row.currency,
            _time(row.posted_at),
            _time(row.available_at),
            row.note,
        ]


def _payments(creator: Creator) -> Rows:
    yield ["brand", "amount", "currency", "state", "reference", "reason", "made_at", "settled_at"]
    rows = Payout.objects.filter(member__creator=creator).select_related("brand")
    for row in rows.order_by("created_at", "pk").iterator(chunk_size=BATCH_ROWS):
        yield [
            row.brand.name,
            row.amount.plain(),
            row.currency,
            row.state,
            row.reference,
            row.reason,
            _time(row.created_at),
            _time(row.settled_at),
        ]


def _questions(creator: Creator) -> Rows:
    yield ["brand", "offer", "order", "ordered_on", "note", "asked_at", "state", "answer"]
    rows = Question.objects.filter(enrollment__member__creator=creator).select_related(
        "brand", "enrollment__offer"
    )
    for row in rows.order_by("asked_at", "pk"):
        yield [
            row.brand.name,
            row.enrollment.offer.name,
            row.order_reference,
            row.ordered_on.isoformat(),
            row.note,
            _time(row.asked_at),
            row.state,
            row.answer,
        ]


def _emails(creator: Creator) -> Rows:
    yield ["brand", "purpose", "to", "title", "state", "at", "opened_at", "clicked_at"]
    ids = Member.objects.filter(creator=creator).values_list("brand_id", "pk")
    for brand_id, pk in ids:
        rows = Message.objects.filter(
            brand=brand_id, recipient=Reference.by_id(Member, pk)
        ).select_related("brand", "campaign")
        for row in rows.order_by("pk").iterator(chunk_size=BATCH_ROWS):
            yield [
                row.brand.name,
                row.purpose,
                row.to_address,
                row.campaign.title,
                row.state,
                _time(row.settled_at),
                _time(row.opened_at),
                _time(row.clicked_at),
            ]


def _sessions(user: User, *, now: datetime) -> Rows:
    yield ["browser", "system", "network_address", "began_at", "last_used_at"]
    for one in open_sessions(user, current=None, now=now):
        yield [
            one.device.browser,
            one.device.system,
            one.network,
            _time(one.began_at),
            _time(one.used_at),
        ]


def _passkeys(user: User) -> Rows:
    yield ["name", "added_at", "last_used_at"]
    for one in passkeys_of(user):
        yield [one.name, _time(one.added_at), _time(one.used_at)]


def _time(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""
