from __future__ import annotations

from django.urls import path

from brand_admin.projects import generating, lists, stage, views

urlpatterns = [
    path("", views.project_list, name="projects"),
    path("export.csv", lists.projects_export, name="projects_export"),
    path("new/", views.project_new, name="project_new"),
    path("<int:project_id>/", views.project_page, name="project"),
    path("<int:project_id>/members/", views.project_members, name="project_members"),
    path("<int:project_id>/members.csv", lists.members_export, name="project_members_csv"),
    path("<int:project_id>/generate.csv", lists.generate_export, name="project_generate_csv"),
    path("<int:project_id>/send.csv", lists.send_export, name="project_send_csv"),
    path("<int:project_id>/add-members/", views.project_add, name="project_add"),
    path("<int:project_id>/set-up/", stage.set_up, name="project_set_up"),
    path("<int:project_id>/generate/", stage.generate, name="project_generate"),
    path("<int:project_id>/generate-all/", generating.generate_all, name="project_generate_all"),
    path("<int:project_id>/send/", stage.send, name="project_send"),
    path("<int:project_id>/tracking/", stage.tracking, name="project_tracking"),
    path("<int:project_id>/tracking.csv", lists.tracking_export, name="project_tracking_csv"),
]
