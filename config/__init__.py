"""The settings, URLs and processes of the product."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
