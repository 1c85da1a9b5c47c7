"""Terms: every version of what an offer pays, the next one, and taking a planned one back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone

from api.authentication import Scope, actor_of
from api.problems import NOT_FOUND, invalid
from api.resources.operations import Noun
from api.resources.reading import minor_in, row_at, row_id_at, row_named, shown_id
from api.schemas.offers import (
    EveryVersion,
    NewTerms,
    RuleShown,
    TermsChanged,
    TermsSent,
    TermsShown,
    TermsWithdrawn,
    Tier,
    TierShown,
)
from api.schemas.parts import moment, money
from core.public_ids import IdKind
from offers.models import CommissionStructure, Offer, Terms, WithdrawnTerms
from offers.selectors import TermsHistory, terms_of, withdrawn_terms
from offers.structure import Rule as RuleValue
from offers.structure import RuleKind, TierBy
from offers.structure import Tier as TierValue
from offers.terms import TermsValues
from offers.wording import describe_fully
from tracking.orders.facts import FieldProblem
from tracking.outreach.changing_terms import change_terms, withdraw_planned_terms

NOUN = Noun("terms", changes=Scope.MEMBERS)


@NOUN.get("/offers/{offer}/terms", EveryVersion)
def list_terms(request: HttpRequest, offer: str) -> EveryVersion:
    """Return every version of an offer's terms. There are few, so they are one page."""
    row = row_at(IdKind.OFFER, offer, Offer.objects.all())
    history, now = terms_of(row), timezone.now()
    every: list[CommissionStructure] = [*history.versions, *withdrawn_terms(row)]
    every.sort(key=lambda one: one.version)
    return EveryVersion(data=[terms_shown(one, row, history, now=now) for one in every])


@NOUN.get("/terms/{terms}", TermsShown)
def show_terms(request: HttpRequest, terms: str) -> TermsShown:
    """Return one version, also one that was withdrawn."""
    row_id = row_id_at(IdKind.TERMS, terms)
    row: CommissionStructure | None = (
        Terms.objects.select_related("offer").filter(pk=row_id).first()
    )
    if row is None:
        withdrawn = WithdrawnTerms.objects.select_related("offer").filter(number_as_terms=row_id)
        row = withdrawn.first()
    if row is None:
        raise NOT_FOUND
    return terms_shown(row, row.offer, terms_of(row.offer), now=timezone.now())


@NOUN.post("/offers/{offer}/terms", TermsChanged, status=201)
def add_terms(request: HttpRequest, offer: str, sent: NewTerms) -> TermsChanged:
    """Add the next version, for orders placed from its start on. `replaces` withdraws another."""
    row, now = row_at(IdKind.OFFER, offer, Offer.objects.all()), timezone.now()
    starts_at = sent.starts_at or now
    if starts_at < now:
        message = "terms can't change the past: leave it out to begin now"
        raise invalid([FieldProblem("starts_at", "in_the_past", message)])
    replaced = (
        row_named(IdKind.TERMS, sent.replaces, Terms.objects.filter(offer=row), field="replaces")
        if sent.replaces
        else None
    )
    changed = change_terms(
        offer=row,
        values=terms_values(sent, currency=row.currency),
        starts_at=starts_at,
        tells_members=sent.tells_members,
        replaced=replaced,
        by=actor_of(request),
        now=now,
    )
    shown = terms_shown(changed.terms, row, terms_of(row), now=now)
    return TermsChanged(terms=shown, told=changed.told)


@NOUN.post("/terms/{terms}/withdraw", TermsWithdrawn)
def withdraw_terms(request: HttpRequest, terms: str) -> TermsWithdrawn:
    """Take back terms that have not begun. Members who were told of them get a mail."""
    row = row_at(IdKind.TERMS, terms, Terms.objects.select_related("offer"))
    told = withdraw_planned_terms(terms=row, by=actor_of(request), now=timezone.now())
    return TermsWithdrawn(told=told)


def terms_values(sent: TermsSent, *, currency: str, field: str = "") -> TermsValues:
    """Return terms that were sent as the services take them. Raises ApiError (422)."""

    def minor(name: str, amount: str) -> int:
        return minor_in(amount, currency, field=f"{field}{name}")

    return TermsValues(
        percent_bp=sent.percent_bp,
        fixed_minor=minor("fixed", sent.fixed),
        fixed_after_refund=sent.fixed_after_refund,
        per_click_minor=minor("per_click", sent.per_click),
        tiers=tuple(
            TierValue(
                one.name.strip(),
                _threshold(one, sent.tier_by, f"tiers.{place}", minor, within=field),
                one.percent_bp,
                minor(f"tiers.{place}.fixed", one.fixed),
            )
            for place, one in enumerate(sent.tiers)
        ),
        tier_by=sent.tier_by,
        tier_period=sent.tier_period,
        rules=tuple(
            RuleValue(
                RuleKind(one.kind),
                one.value.strip(),
                one.percent_bp,
                minor(f"rules.{place}.fixed", one.fixed),
            )
            for place, one in enumerate(sent.rules)
        ),
        cap_minor=minor("cap", sent.cap) if sent.cap is not None else None,
        cap_period=sent.cap_period,
        hold_days=sent.hold_days,
        approval=sent.approval,
        may_pay_nothing=sent.may_pay_nothing,
    )


def terms_shown(
    terms: CommissionStructure, offer: Offer, history: TermsHistory, *, now: Any
) -> TermsShown:
    """Return one version whole. `history` is that of the offer."""
    currency = offer.currency
    pk = terms.number_as_terms if isinstance(terms, WithdrawnTerms) else terms.pk
    by_sales = terms.tier_by == TierBy.SALES
    return TermsShown(
        id=shown_id(IdKind.TERMS, pk),
        offer=shown_id(IdKind.OFFER, offer.pk),
        version=terms.version,
        state=_state(terms, history, now),
        starts_at=moment(terms.starts_at),
        percent_bp=terms.percent_bp,
        fixed=money(terms.fixed_minor, currency),
        fixed_after_refund=cast("Any", terms.fixed_after_refund),
        per_click=money(terms.per_click_minor, currency),
        tiers=[
            TierShown(
                name=one.name,
                from_sales=money(one.threshold, currency) if by_sales else None,
                from_conversions=None if by_sales else one.threshold,
                percent_bp=one.percent_bp,
                fixed=money(one.fixed_minor, currency),
            )
            for one in terms.tier_list
        ],
        tier_by=cast("Any", terms.tier_by),
        tier_period=cast("Any", terms.tier_period),
        rules=[
            RuleShown(
                kind=cast("Any", one.kind.value),
                value=one.value,
                percent_bp=one.percent_bp,
                fixed=money(one.fixed_minor, currency),
            )
            for one in terms.rule_list
        ],
        cap=money(terms.cap_minor, currency) if terms.cap_minor is not None else None,
        cap_period=cast("Any", terms.cap_period),
        hold_days=terms.hold_days,
        approval=cast("Any", terms.approval),
        words=describe_fully(terms, currency),
    )


def _threshold(
    tier: Tier, by: str, path: str, minor: Callable[[str, str], int], *, within: str
) -> int:
    """Where a tier begins, in minor units or conversions. Raises ApiError (422)."""
    name, other = "from_sales", "from_conversions"
    if by != TierBy.SALES:
        name, other = other, name
    value = getattr(tier, name)
    if value is None:
        message = f"is needed, because tiers are reached by {by}"
        raise invalid([FieldProblem(f"{within}{path}.{name}", "missing", message)])
    if getattr(tier, other) is not None:
        message = f"is of no use, because tiers are reached by {by}: leave it out"
        raise invalid([FieldProblem(f"{within}{path}.{other}", "refused", message)])
    return minor(f"{path}.{name}", value) if by == TierBy.SALES else int(value)


def _state(terms: CommissionStructure, history: TermsHistory, now: Any) -> Any:
    if isinstance(terms, WithdrawnTerms):
        return "withdrawn"
    if terms in history.planned(now):
        return "planned"
    return "in_force" if terms.pk == history.at(now).pk else "past"
