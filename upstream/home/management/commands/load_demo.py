"""Load the demonstration: invented councils and people, a call that is open, and one at selection. Never in production."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from upstream.env import Mode
from upstream.home.demo_data import load_demo
from upstream.home.demo_selection import load_selection


class Command(BaseCommand):
    """Idempotent: once loaded, the demonstration is left as it is, but for new dates when they have run out."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  (Django's signature)
        """Load it. Raises CommandError in production."""
        if settings.MODE == Mode.PRODUCTION:
            message = f"The demonstration invents councils and a superuser, so it is never loaded where UPSTREAM_ENV is “{settings.MODE}”."
            raise CommandError(message)
        call_command("sync_roles")
        load_demo()
        load_selection()
        self.stdout.write("The demonstration is loaded.")
