from __future__ import annotations

from django.urls import path

from brand_admin.connections import (
    changing,
    codes,
    developers,
    events,
    link_domains,
    order_keys,
    setup,
    views,
)
from brand_admin.connections.codes_lists import ComparedCodes, OfferDiscounts
from brand_admin.connections.developers_lists import ApiRequests
from brand_admin.connections.events_lists import DataRequests, Events, RefusedDeliveries
from brand_admin.listing.views import list_change, list_file, list_page

urlpatterns = [
    # Shops: the list, connecting one, the page of one
    path("", views.connection_list, name="connections"),
    path("new/", setup.shop_choice, name="connection_choice"),
    path("new/other/", setup.other_shop, name="connection_other"),
    path("new/<slug:kind>/", setup.connection_setup, name="connection_setup"),
    path("<int:connection_id>/", views.connection_page, name="connection"),
    path("<int:connection_id>/check/", views.connection_check, name="connection_check"),
    path("<int:connection_id>/test/", views.connection_test, name="connection_test"),
    path(
        "<int:connection_id>/test/<int:event_id>/",
        views.connection_test_order,
        name="connection_test_order",
    ),
    path("<int:connection_id>/history/", views.connection_history, name="connection_history"),
    path("<int:connection_id>/name/", changing.connection_name, name="connection_name"),
    path(
        "<int:connection_id>/credentials/",
        changing.connection_credentials,
        name="connection_credentials",
    ),
    path("<int:connection_id>/secret/", changing.connection_secret, name="connection_secret"),
    path(
        "<int:connection_id>/disconnect/",
        changing.connection_disconnect,
        name="connection_disconnect",
    ),
    # Events, codes, developers
    path("events/", list_page(Events), name="events"),
    path("events.csv", list_file(Events), name="events_csv"),
    path("events/replay/", list_change(Events), name="events_replay"),
    path("events/<int:event_id>/", events.event_page, name="event"),
    path("refused/", list_page(RefusedDeliveries), name="refused_deliveries"),
    path("refused.csv", list_file(RefusedDeliveries), name="refused_deliveries_csv"),
    path("data-requests/", list_page(DataRequests), name="data_requests"),
    path("data-requests.csv", list_file(DataRequests), name="data_requests_csv"),
    path("data-requests/<int:data_request_id>/", events.data_request_page, name="data_request"),
    path(
        "data-requests/<int:data_request_id>/known.csv",
        events.data_request_file,
        name="data_request_file",
    ),
    path("codes/", list_page(OfferDiscounts), name="shop_codes"),
    path("codes.csv", list_file(OfferDiscounts), name="shop_codes_csv"),
    path("codes/keep/", codes.keep, name="shop_codes_keep"),
    path("codes/<int:discount_id>/", list_page(ComparedCodes), name="compared_codes"),
    path("codes/<int:discount_id>.csv", list_file(ComparedCodes), name="compared_codes_csv"),
    path(
        "codes/<int:discount_id>/change/", list_change(ComparedCodes), name="compared_codes_change"
    ),
    path("codes/<int:discount_id>/compare/", codes.compare, name="shop_codes_compare"),
    path("codes/<int:discount_id>/stop/", codes.stop, name="shop_codes_stop"),
    path("codes/<int:discount_id>/<int:code_id>/make/", codes.make, name="compared_code_make"),
    path("codes/<int:discount_id>/<int:code_id>/end/", codes.end, name="compared_code_end"),
    path("codes/<int:discount_id>/<int:code_id>/give/", codes.give, name="compared_code_give"),
    path("link-domains/", link_domains.link_domains, name="link_domains"),
    path("link-domains/<int:domain_id>/", link_domains.link_domain, name="link_domain"),
    path(
        "link-domains/<int:domain_id>/check/",
        link_domains.link_domain_check,
        name="link_domain_check",
    ),
    path(
        "link-domains/<int:domain_id>/main/", link_domains.link_domain_main, name="link_domain_main"
    ),
    path(
        "link-domains/<int:domain_id>/remove/",
        link_domains.link_domain_remove,
        name="link_domain_remove",
    ),
    path("script/", order_keys.page_script, name="page_script"),
    path("script/keys/<int:key_id>/", order_keys.page_key_change, name="page_key"),
    path("postbacks/", order_keys.postbacks, name="postbacks"),
    path("postbacks/try/", order_keys.postback_try, name="postback_try"),
    path("developers/", developers.keys, name="developers"),
    path("developers/keys/<int:key_id>/revoke/", developers.key_revoke, name="key_revoke"),
    path("developers/requests/", list_page(ApiRequests), name="api_requests"),
    path("developers/requests.csv", list_file(ApiRequests), name="api_requests_csv"),
    path("developers/requests/<int:request_id>/", developers.api_request, name="api_request"),
]
