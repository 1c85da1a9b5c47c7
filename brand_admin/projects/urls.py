from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_file, list_page
from brand_admin.projects import generating, stage, views
from brand_admin.projects.generate_list import ToGenerate
from brand_admin.projects.lists import ProjectMembers, Projects
from brand_admin.projects.stage import step_file
from brand_admin.projects.step_lists import ToSend, Tracked

urlpatterns = [
    path("", list_page(Projects), name="projects"),
    path("export.csv", list_file(Projects), name="projects_export"),
    path("new/", views.project_new, name="project_new"),
    path("<int:project_id>/", views.project_page, name="project"),
    path("<int:project_id>/members/", views.project_members, name="project_members"),
    path("<int:project_id>/members.csv", list_file(ProjectMembers), name="project_members_csv"),
    path("<int:project_id>/generate.csv", step_file(ToGenerate), name="project_generate_csv"),
    path("<int:project_id>/send.csv", step_file(ToSend), name="project_send_csv"),
    path("<int:project_id>/add-members/", views.project_add, name="project_add"),
    path("<int:project_id>/set-up/", stage.set_up, name="project_set_up"),
    path("<int:project_id>/generate/", stage.generate, name="project_generate"),
    path("<int:project_id>/generate-all/", generating.generate_all, name="project_generate_all"),
    path("<int:project_id>/send/", stage.send, name="project_send"),
    path("<int:project_id>/tracking/", stage.tracking, name="project_tracking"),
    path("<int:project_id>/tracking.csv", step_file(Tracked), name="project_tracking_csv"),
]
