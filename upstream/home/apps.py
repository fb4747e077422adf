"""The composition root as an app, and the office as Django's admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class HomeConfig(AppConfig):
    """What belongs to no single app."""

    default = True
    name = "upstream.home"

    def ready(self) -> None:
        """Listen to allauth."""
        from upstream.home import factors  # noqa: F401


class OfficeConfig(admin_apps.AdminConfig):
    """Puts the office in the place of the stock admin site."""

    default = False
    default_site = "upstream.home.office.OfficeSite"
