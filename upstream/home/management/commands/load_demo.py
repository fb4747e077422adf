"""Load the demonstration: invented councils, people and expressions of interest, around a call that is open now."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from upstream.env import Mode
from upstream.home.demo_data import load_demo


class Command(BaseCommand):
    """Idempotent: what is there already is left as it is, and a call that has run out gets new dates."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  (Django's signature)
        """Load the demonstration. Raises CommandError in production, where nobody may be invented."""
        if settings.MODE == Mode.PRODUCTION:
            message = "load_demo invents councils and people, a superuser among them. It does not run with UPSTREAM_ENV=production."
            raise CommandError(message)
        call_command("sync_roles")
        counts = load_demo()
        self.stdout.write(f"The demonstration is loaded: {counts['councils']} councils, {counts['EoIs']} expressions of interest.")
