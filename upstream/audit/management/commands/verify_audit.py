"""Check that nobody has changed the audit trail.

Entries cut off at its end leave a whole chain behind: keep the number and the last hash that this prints, and compare.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from upstream.audit.models import Entry
from upstream.audit.services import broken_entries


class Command(BaseCommand):
    """Exits with an error when it finds anything."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  (Django's signature)
        """Print every entry that does not hold. Raises CommandError when there is one."""
        broken = [str(entry.pk) for entry in broken_entries()]
        if broken:
            message = f"{len(broken)} audit entries do not hold: {', '.join(broken)}"
            raise CommandError(message)
        last = Entry.objects.values_list("hash", flat=True).first() or "none"
        self.stdout.write(f"All {Entry.objects.count()} audit entries hold. The last hash is {last}.")
