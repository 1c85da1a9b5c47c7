"""Offers: reading, making and changing them, and their status."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of
from api.resources.operations import Noun
from api.resources.reading import by_number, expanded, page_of, row_at, shown_id
from api.resources.refusing import changed_meanwhile, not_possible_now, seen_version
from api.resources.terms import terms_shown, terms_values
from api.schemas.offers import (
    AskedOffer,
    AskedOffers,
    NewOffer,
    OfferChange,
    OfferShown,
    StatusChange,
)
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from core.versions import ChangedMeanwhileError
from offers.models import Offer, OfferStatus
from offers.selectors import offers, terms_histories
from offers.services import change_offer, create_offer, set_offer_status
from offers.status import StatusError
from offers.values import OfferValues

NOUN = Noun("offers", changes=Scope.MEMBERS)
EXPANDABLE = ("terms",)


@NOUN.get("/offers", Page[OfferShown])
def list_offers(request: HttpRequest, asked: Query[AskedOffers]) -> Page[OfferShown]:
    """Return offers, the newest first. `expand=terms` shows what they pay now."""
    whole = expanded(asked, *EXPANDABLE)
    found = offers(search=asked.search, status=asked.status, kind=asked.kind)
    return page_of(request, asked, found, column="created_at", show=lambda rows: _show(rows, whole))


@NOUN.get("/offers/{offer}", OfferShown)
def show_offer(request: HttpRequest, offer: str, asked: Query[AskedOffer]) -> OfferShown:
    """Return one offer."""
    row = row_at(IdKind.OFFER, offer, Offer.objects.all())
    return _show([row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/offers", OfferShown, status=201)
def make_offer(request: HttpRequest, sent: NewOffer) -> OfferShown:
    """Make an active offer with the first version of its terms. Its currency can't change."""
    row = create_offer(
        values=OfferValues(**sent.model_dump(exclude={"terms"})),
        terms=terms_values(sent.terms, currency=sent.currency, field="terms."),
        by=actor_of(request),
        now=timezone.now(),
    )
    return _show([row], frozenset())[0]


@NOUN.patch("/offers/{offer}", OfferShown)
def change_one_offer(request: HttpRequest, offer: str, sent: OfferChange) -> OfferShown:
    """Change an offer. Its terms change by new versions, its status by another operation."""
    row = row_at(IdKind.OFFER, offer, Offer.objects.all())
    named = sent.model_fields_set - {"version"}
    given = {name: getattr(sent, name) for name in named}
    dates = {"starts_at", "ends_at"}
    given = {name: value for name, value in given.items() if value is not None or name in dates}
    try:
        changed = change_offer(
            offer=row,
            values=lambda found: replace(_values(found), **given),
            seen_version=seen_version(request, sent.version),
            by=actor_of(request),
            now=timezone.now(),
        )
    except ChangedMeanwhileError as error:
        row.refresh_from_db()
        raise changed_meanwhile(_show([row], frozenset())[0]) from error
    return _show([changed], frozenset())[0]


@NOUN.post("/offers/{offer}/status", OfferShown, conflicts=True, versioned=True)
def set_status_of_offer(request: HttpRequest, offer: str, sent: StatusChange) -> OfferShown:
    """Pause, resume, end or archive an offer. Clicks and orders of a pause never count."""
    row = row_at(IdKind.OFFER, offer, Offer.objects.all())
    try:
        changed = set_offer_status(
            offer=row,
            status=OfferStatus(sent.status),
            by=actor_of(request),
            now=timezone.now(),
            seen_version=seen_version(request, sent.version),
        )
    except StatusError as error:
        row.refresh_from_db()
        raise not_possible_now(str(error), current=_show([row], frozenset())[0]) from error
    except ChangedMeanwhileError as error:
        row.refresh_from_db()
        raise changed_meanwhile(_show([row], frozenset())[0]) from error
    return _show([changed], frozenset())[0]


def offers_shown(ids: Collection[int]) -> dict[int, OfferShown]:
    """Return offers whole, by number, in two queries."""
    rows = list(Offer.objects.filter(pk__in=ids))
    return by_number(rows, lambda found: _show(found, frozenset()))


def _values(row: Offer) -> OfferValues:
    names = OfferValues.__dataclass_fields__
    return OfferValues(**{name: getattr(row, name) for name in names})


def _show(rows: Sequence[Offer], whole: frozenset[str]) -> list[OfferShown]:
    histories, now = terms_histories([row.pk for row in rows]), timezone.now()
    shown = []
    for row in rows:
        history = histories[row.pk]
        terms = history.at(now)
        shown.append(
            OfferShown(
                id=shown_id(IdKind.OFFER, row.pk),
                name=row.name,
                description=row.description,
                kind=cast("Any", row.kind),
                status=cast("Any", row.status),
                currency=row.currency,
                destination_url=row.destination_url,
                allowed_domains=list(row.allowed_domains),
                deep_links_allowed=row.deep_links_allowed,
                own_slugs_allowed=row.own_slugs_allowed,
                click_window_days=row.click_window_days,
                remembers_customers=row.remembers_customers,
                customer_window_days=row.customer_window_days,
                code_pattern=row.code_pattern,
                utm_template=row.utm_template,
                starts_at=moment_or_none(row.starts_at),
                ends_at=moment_or_none(row.ends_at),
                version=row.version,
                created_at=moment(row.created_at),
                terms=terms_shown(terms, row, history, now=now)
                if "terms" in whole
                else shown_id(IdKind.TERMS, terms.pk),
            )
        )
    return shown
