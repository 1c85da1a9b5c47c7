"""Give one member a promo code in one of their offers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.members.forms import GiveCodeForm
from brand_admin.pages import codes_seen, id_in, render_page
from brand_admin.refusals import add_refusal
from offers.models import KINDS_WITH_CODES, Enrollment
from tracking.links.generating import generate_items
from tracking.links.items import ItemError, codes_and_links
from tracking.links.promo_codes import suggest_codes


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def member_code(request: BrandRequest, member_id: int) -> HttpResponse:
    """Suggest a code for one of the member's offers, and give the one that was written."""
    member = get_object_or_404(Member, pk=member_id)
    rows = _can_have_codes(member)
    asked = id_in(request.GET.get("enrollment", ""))
    first = next((row for row in rows if row.pk == asked), rows[0] if rows else None)
    form = GiveCodeForm(
        request.POST if request.method == "POST" else None,
        enrollments=rows,
        initial=_suggested(first),
    )
    if form.is_bound and form.is_valid():
        chosen = next(row for row in rows if str(row.pk) == form.cleaned_data["enrollment"])
        codes = {chosen.pk: form.cleaned_data["code"]}
        try:
            generate_items(
                enrollments=[chosen],
                codes=codes,
                links=False,
                by=request.actor,
                now=timezone.now(),
                seen=codes_seen(request, [chosen]),
            )
        except ItemError as error:
            add_refusal(form, ValueError("; ".join(error.problems.values())), field="code")
        else:
            code = codes_and_links([chosen.pk])[0][chosen.pk]
            messages.success(request, f"{member} has the code {code} in {chosen.offer} now.")
            return redirect("brand_admin:member", request.brand.slug, member.pk)
    codes_now, _links_now = codes_and_links([row.pk for row in rows])
    return render_page(
        request,
        "brand_admin/members/code.html",
        section="members",
        status=422 if form.errors else 200,
        member=member,
        form=form,
        having=[(row, codes_now[row.pk]) for row in rows if row.pk in codes_now],
    )


def _can_have_codes(member: Member) -> list[Enrollment]:
    rows = Enrollment.objects.active().filter(member=member)
    with_codes = rows.filter(offer__kind__in=KINDS_WITH_CODES)
    return list(with_codes.select_related("offer", "member").order_by("-pk"))


def _suggested(row: Enrollment | None) -> dict[str, str]:
    if row is None:
        return {}
    return {
        "enrollment": str(row.pk),
        "code": suggest_codes(offer=row.offer, enrollments=[row])[row.pk],
    }
