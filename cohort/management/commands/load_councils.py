"""Load the register of councils: the project's own file, or a newer one in the same layout."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cohort.services.register import OWN_FILE, UnreadableFile, load_register


class Command(BaseCommand):
    """Idempotent. Sound lines are loaded even where others are refused."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file's path."""
        parser.add_argument("file", nargs="?", type=Path, default=OWN_FILE, help="by default the project's own table")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:  # noqa: ARG002  (Django's signature)
        """Load the file and say what came of it. Raises CommandError when the file or any line is refused."""
        try:
            differences = load_register(data=file.read_bytes(), by=None)
        except (OSError, UnreadableFile) as error:
            raise CommandError(str(error)) from error
        details = options["verbosity"] > 0
        for council in differences.added if details else ():
            self.stdout.write(f"Added {council.code} {council}")
        for council, facts in differences.changed if details else ():
            for label, before, after in facts:
                self.stdout.write(f"Changed {council.code} {council}: {label} from “{before}” to “{after}”")
        for line, reason in differences.refused:
            self.stderr.write(f"Refused line {line}: {reason}.")
        self.stdout.write(
            f"Councils: {len(differences.added)} added, {len(differences.changed)} changed, "
            f"{differences.unchanged} unchanged, {len(differences.refused)} refused."
        )
        if differences.refused:
            count = len(differences.refused)
            message = "1 line was refused." if count == 1 else f"{count} lines were refused."
            raise CommandError(message)
