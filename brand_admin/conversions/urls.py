from __future__ import annotations

from django.urls import path

from brand_admin.conversions import importing, leaks, questions, rates, sharing, views
from brand_admin.conversions.flags import Flags
from brand_admin.conversions.lists import Conversions, Questions
from brand_admin.conversions.rates import ExchangeRates
from brand_admin.conversions.refunds import RefundsToCheck
from brand_admin.conversions.unattributed import UnattributedOrders, choose_member
from brand_admin.listing.views import list_change, list_file, list_page

urlpatterns = [
    path("", list_page(Conversions), name="conversions"),
    path("conversions.csv", list_file(Conversions), name="conversions_csv"),
    path("judge/", list_change(Conversions), name="conversions_judge"),
    path("questions/", list_page(Questions), name="questions"),
    path("questions.csv", list_file(Questions), name="questions_csv"),
    path("questions/<int:question_id>/", questions.question_page, name="question"),
    path("unattributed/", list_page(UnattributedOrders), name="unattributed"),
    path("unattributed.csv", list_file(UnattributedOrders), name="unattributed_csv"),
    path("unattributed/member/", choose_member, name="unattributed_member"),
    path("unattributed/credit/", list_change(UnattributedOrders), name="unattributed_credit"),
    path("flagged/", list_page(Flags), name="flags"),
    path("flagged.csv", list_file(Flags), name="flags_csv"),
    path("flagged/decide/", list_change(Flags), name="flags_decide"),
    path("flagged/codes/<int:leak_id>/", leaks.leak_page, name="leak"),
    path("flagged/codes/<int:leak_id>/dismiss/", leaks.leak_dismiss, name="leak_dismiss"),
    path("rates/", list_page(ExchangeRates), name="exchange_rates"),
    path("rates.csv", list_file(ExchangeRates), name="exchange_rates_csv"),
    path("rates/new/", rates.new_rates, name="exchange_rates_new"),
    path("share-member/", sharing.choose_member, name="conversion_share_member"),
    path("<int:conversion_id>/share/", sharing.share_page, name="conversion_share"),
    path("refunds/", list_page(RefundsToCheck), name="refunds"),
    path("refunds.csv", list_file(RefundsToCheck), name="refunds_csv"),
    path("import/", importing.orders_import, name="orders_import"),
    path(
        "import/<int:work_id>/columns/",
        importing.orders_import_columns,
        name="orders_import_columns",
    ),
    path("import/<int:work_id>/", importing.orders_import_confirm, name="orders_import_confirm"),
    path("<int:conversion_id>/", views.conversion_page, name="conversion"),
]
