from __future__ import annotations

from django.urls import path

from brand_admin.settings import views

urlpatterns = [
    path("", views.brand_settings, name="settings"),
    path("staff/", views.staff, name="settings_staff"),
    path("staff/<int:staff_id>/role/", views.staff_role, name="staff_role"),
    path("staff/<int:staff_id>/remove/", views.staff_remove, name="staff_remove"),
    path("keys/", views.keys, name="settings_keys"),
    path("keys/<int:key_id>/revoke/", views.key_revoke, name="key_revoke"),
    path("audit-log/", views.audit_log, name="settings_audit"),
]
