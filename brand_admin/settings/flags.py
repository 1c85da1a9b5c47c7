"""The settings of flags: which kinds are on, how often each was false, and coupon sites."""

from __future__ import annotations

from typing import Any

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
from brand_admin.versioned import VersionedForm, meanwhile
from core.versions import ChangedMeanwhileError
from tracking.flags.coupon_sites import known_coupon_sites
from tracking.flags.selectors import figures_by_kind
from tracking.flags.sentences import RULES_IN_WORDS
from tracking.flags.settings import FlagSettingsError, change_flag_settings, flag_settings
from tracking.models import FlagKind, FlagSettings

SECTION = "settings"


class FlagSettingsForm(VersionedForm):
    """A box for each kind, and the coupon sites that the brand adds, one a line."""

    coupon_hosts = forms.CharField(
        label="Coupon sites that you add",
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One address a line, such as deals.example. Its subdomains count too.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in FlagKind:
            self.fields[kind.value] = forms.BooleanField(label=kind.label, required=False)

    @classmethod
    def of(cls, settings: FlagSettings, data: Any = None) -> FlagSettingsForm:
        on = {kind: kind not in settings.off_kinds for kind in FlagKind.values}
        form = cls(data, initial={**on, "coupon_hosts": "\n".join(settings.coupon_hosts)})
        if data is None:
            form.remember(settings.version)
        return form


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def flag_settings_page(request: BrandRequest) -> HttpResponse:
    """Show every rule with its figures; a POST saves which are on."""
    form = FlagSettingsForm.of(flag_settings(), request.POST or None)
    told = None
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, form)
        except FlagSettingsError as error:
            add_refusal(form, error, field="coupon_hosts")
        except ChangedMeanwhileError:
            now = flag_settings()
            form, told = meanwhile(
                form, current=FlagSettingsForm.of(now), version=now.version, target=now
            )
        else:
            messages.success(request, "Saved.")
            return redirect("brand_admin:settings_flags", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/flags.html",
        section=SECTION,
        status=409 if told else 422 if form.errors else 200,
        form=form,
        meanwhile=told,
        rules=[(row, RULES_IN_WORDS[row.kind], form[row.kind.value]) for row in figures_by_kind()],
        sites=sorted(known_coupon_sites()),
    )


def _save(request: BrandRequest, form: FlagSettingsForm) -> None:
    change_flag_settings(
        off_kinds=[kind for kind in FlagKind.values if not form.cleaned_data[kind]],
        coupon_hosts=form.cleaned_data["coupon_hosts"].splitlines(),
        by=request.actor,
        now=timezone.now(),
        seen_version=form.cleaned_data["version"],
    )
