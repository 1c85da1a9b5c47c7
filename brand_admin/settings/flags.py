"""The settings of flags: which kinds are on, how often each was false, and coupon sites."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from tracking.flags.coupon_sites import known_coupon_sites
from tracking.flags.selectors import figures_by_kind
from tracking.flags.sentences import RULES_IN_WORDS
from tracking.flags.settings import FlagSettingsError, change_flag_settings, flag_settings
from tracking.models import FlagKind, FlagSettings

SECTION = "settings"


class FlagSettingsForm(forms.Form):
    """The kinds that are on, and the coupon sites that the brand adds, one a line."""

    kinds = forms.MultipleChoiceField(required=False, choices=FlagKind.choices)
    coupon_hosts = forms.CharField(
        label="Coupon sites that you add",
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One address a line, such as deals.example. Its subdomains count too.",
    )

    @classmethod
    def of(cls, settings: FlagSettings) -> FlagSettingsForm:
        return cls(
            initial={
                "kinds": [kind for kind in FlagKind.values if kind not in settings.off_kinds],
                "coupon_hosts": "\n".join(settings.coupon_hosts),
            }
        )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def flag_settings_page(request: BrandRequest) -> HttpResponse:
    """Show every rule with its figures; a POST saves which are on."""
    form = FlagSettingsForm.of(flag_settings())
    if request.method == "POST":
        form = FlagSettingsForm(request.POST)
        if form.is_valid() and _is_saved(request, form):
            messages.success(request, "Saved.")
            return redirect("brand_admin:settings_flags", request.brand.slug)
    on = form["kinds"].value() or []
    return render_page(
        request,
        "brand_admin/settings/flags.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        rules=[(row, RULES_IN_WORDS[row.kind], row.kind in on) for row in figures_by_kind()],
        sites=sorted(known_coupon_sites()),
    )


def _is_saved(request: BrandRequest, form: FlagSettingsForm) -> bool:
    on = form.cleaned_data["kinds"]
    try:
        change_flag_settings(
            off_kinds=[kind for kind in FlagKind.values if kind not in on],
            coupon_hosts=form.cleaned_data["coupon_hosts"].splitlines(),
            by=request.actor,
            now=timezone.now(),
        )
    except FlagSettingsError as error:
        add_refusal(form, error, field="coupon_hosts")
        return False
    return True
