"""Load the 2019-20 pilot: its cohort, call, criteria and questions."""

from typing import Any

from django.core.management.base import BaseCommand

from applications.services.pilot import load_pilot


class Command(BaseCommand):
    """Idempotent: what is there already is left as it is."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  (Django's signature)
        """Load the pilot and say what came of it."""
        call, created = load_pilot()
        self.stdout.write(f"Loaded the pilot: {call}." if created else "The pilot is loaded already; nothing was changed.")
