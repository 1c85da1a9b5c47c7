from __future__ import annotations

from django.urls import path

from brand_admin.emails import composing, sender, views
from brand_admin.emails.lists import Campaigns, Messages, Recipients, Suppressions
from brand_admin.listing.views import list_file, list_page

urlpatterns = [
    path("", list_page(Campaigns), name="emails"),
    path("export.csv", list_file(Campaigns), name="emails_export"),
    path("compose/", composing.compose, name="compose"),
    path(
        "compose/<uuid:confirmation>/<int:enrollment_id>/",
        composing.preview_frame,
        name="preview_frame",
    ),
    path("sender/", sender.sender_identity, name="sender_identity"),
    path("messages/", list_page(Messages), name="messages"),
    path("messages.csv", list_file(Messages), name="messages_export"),
    path("messages/<int:message_id>/", views.message_page, name="message"),
    path("messages/<int:message_id>/html/", views.message_frame, name="message_frame"),
    path("suppressed/", views.suppression_list, name="suppressions"),
    path("suppressed/export.csv", list_file(Suppressions), name="suppressions_export"),
    path("suppressed/<int:suppression_id>/", views.suppression_lift, name="suppression_lift"),
    path("<int:campaign_id>/", views.campaign_page, name="campaign"),
    path("<int:campaign_id>/progress/", views.campaign_progress, name="campaign_progress"),
    path("<int:campaign_id>/export.csv", list_file(Recipients), name="campaign_export"),
    path("<int:campaign_id>/act/", views.campaign_act, name="campaign_act"),
]
