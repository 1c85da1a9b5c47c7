from django.apps import AppConfig


class BrandAdminConfig(AppConfig):
    name = "brand_admin"
