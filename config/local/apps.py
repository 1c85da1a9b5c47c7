from django.apps import AppConfig


class LocalConfig(AppConfig):
    """The local services and the demo; installed in local mode alone."""

    name = "config.local"
    label = "local"
