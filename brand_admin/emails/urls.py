from __future__ import annotations

from django.urls import path

from brand_admin.emails import composing, exports, sender, views

urlpatterns = [
    path("", views.campaign_list, name="emails"),
    path("export.csv", exports.campaigns_export, name="emails_export"),
    path("compose/", composing.compose, name="compose"),
    path(
        "compose/<uuid:confirmation>/<int:enrollment_id>/",
        composing.preview_frame,
        name="preview_frame",
    ),
    path("sender/", sender.sender_identity, name="sender_identity"),
    path("messages/", views.message_list, name="messages"),
    path("messages.csv", exports.messages_export, name="messages_export"),
    path("messages/<int:message_id>/", views.message_page, name="message"),
    path("messages/<int:message_id>/html/", views.message_frame, name="message_frame"),
    path("suppressed/", views.suppression_list, name="suppressions"),
    path("suppressed/export.csv", exports.suppressions_export, name="suppressions_export"),
    path("suppressed/<int:suppression_id>/", views.suppression_lift, name="suppression_lift"),
    path("<int:campaign_id>/", views.campaign_page, name="campaign"),
    path("<int:campaign_id>/progress/", views.campaign_progress, name="campaign_progress"),
    path("<int:campaign_id>/export.csv", exports.campaign_export, name="campaign_export"),
    path("<int:campaign_id>/act/", views.campaign_act, name="campaign_act"),
]
