"""The brand's own hosts for tracking links: which records to set in DNS, and whether they are."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.form_fields import OneLineField
from core.hosts import MAX_HOST
from tracking.links.domain_records import LABEL, records_to_set
from tracking.links.items import link_url, without_scheme
from tracking.links.link_domains import (
    LinkDomainError,
    add_domain,
    check_domain,
    choose_main,
    remove_domain,
)
from tracking.models import DomainProblem, LinkDomain

SECTION = "connections"
WHAT_TO_DO = {
    DomainProblem.NOT_CHECKED: "Set both records below, then check them.",
    DomainProblem.NO_PROOF: "DNS has no TXT record {name}. Set it, or wait: a new record can take"
    " an hour to be known everywhere.",
    DomainProblem.WRONG_PROOF: "The TXT record {name} holds “{seen}”. Set the text below.",
    DomainProblem.NO_ADDRESS: "DNS does not know {host}. Set the CNAME record below.",
    DomainProblem.ELSEWHERE: "{host} leads to {seen}, which is not us. Set the CNAME record below,"
    " without a proxy in between.",
    DomainProblem.TAKEN: "Another brand here has proved that {host} is theirs. Remove their TXT"
    " record {name} first, then check again.",
}


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A domain with its state in words."""

    domain: LinkDomain

    @property
    def state(self) -> str:
        if self.domain.works:
            return "Works"
        if self.domain.verified_at is not None:
            return "Broken"
        return "Waiting for DNS" if self.domain.problem != DomainProblem.TAKEN else "Taken"

    @property
    def tone(self) -> str:
        tones = {"Works": "good", "Waiting for DNS": "wait"}
        return tones.get(self.state, "bad")

    @property
    def is_shown(self) -> bool:
        return self.domain.is_main and self.domain.works

    @property
    def what_to_do(self) -> str:
        """What the last check found, and what to do about it; "" if all is well."""
        if not self.domain.problem:
            return ""
        words = WHAT_TO_DO[DomainProblem(self.domain.problem)]
        host, seen = self.domain.host, self.domain.seen or "no address"
        return words.format(name=f"{LABEL}.{host}", host=host, seen=seen)

    @property
    def was_silent(self) -> bool:
        """Whether the last check got no answer from DNS."""
        return self.domain.checked_at != self.domain.answered_at


class DomainForm(forms.Form):
    """A host. The service says what is wrong with it."""

    host = OneLineField(
        max_length=MAX_HOST + len("https://"),
        help_text="A name of your domain that nothing else uses, such as go.brand.com.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "inputmode": "url",
                "placeholder": "go.brand.com",
            }
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER, live_page="link_domains")
def link_domains(request: BrandRequest) -> HttpResponse:
    """List the brand's hosts, and add one."""
    form = DomainForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = add_domain(host=form.cleaned_data["host"], by=request.actor, now=timezone.now())
        except LinkDomainError as error:
            add_refusal(form, error, field="host")
        else:
            return redirect("brand_admin:link_domain", request.brand.slug, made.pk)
    return render_page(
        request,
        "brand_admin/connections/link_domains.html",
        section=SECTION,
        rows=[DomainRow(row) for row in LinkDomain.objects.order_by("-is_main", "host")],
        example=without_scheme(link_url("mara", request.brand.link_host)),
        form=form,
    )


@never_cache
@require_safe
@brand_page(Permission.READ)
def link_domain(request: BrandRequest, domain_id: int) -> HttpResponse:
    """Show a host: the records to set, and what the last check found."""
    domain = _domain(domain_id)
    return render_page(
        request,
        "brand_admin/connections/link_domain.html",
        section=SECTION,
        row=DomainRow(domain),
        domain=domain,
        records=records_to_set(domain.host, domain.proof),
    )


@require_POST
@brand_page(Permission.ADMINISTER)
def link_domain_check(request: BrandRequest, domain_id: int) -> HttpResponse:
    """Ask DNS now, and show what it says."""
    row = check_domain(domain=_domain(domain_id), by=request.actor, now=timezone.now())
    if row.checked_at != row.answered_at:
        messages.warning(request, "DNS did not answer. Wait a minute, and check again.")
    elif row.works:
        messages.success(request, f"Both records are set: {row.host} works.")
    else:
        messages.warning(request, "Checked: something is missing still.")
    return redirect("brand_admin:link_domain", request.brand.slug, domain_id)


@require_POST
@brand_page(Permission.ADMINISTER)
def link_domain_main(request: BrandRequest, domain_id: int) -> HttpResponse:
    """Show links with this host, or with ours again."""
    domain = _domain(domain_id)
    chosen = None if domain.is_main else domain
    choose_main(domain=chosen, by=request.actor, now=timezone.now())
    host = f"{domain.host} while it works" if chosen else "our host"
    messages.success(request, f"Links are shown with {host}.")
    return redirect("brand_admin:link_domain", request.brand.slug, domain.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def link_domain_remove(request: BrandRequest, domain_id: int) -> HttpResponse:
    """Ask for confirmation, then remove the host."""
    domain = _domain(domain_id)
    if request.method == "POST":
        remove_domain(domain=domain, by=request.actor, now=timezone.now())
        messages.success(request, f"{domain.host} is removed.")
        return redirect("brand_admin:link_domains", request.brand.slug)
    return render_page(
        request,
        "brand_admin/connections/link_domain_remove.html",
        section=SECTION,
        domain=domain,
    )


def _domain(domain_id: int) -> LinkDomain:
    return get_object_or_404(LinkDomain, pk=domain_id)
