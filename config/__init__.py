"""Settings, addresses and processes: what turns the packages into a running product."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
