"""Make the groups of staff agree with the table of roles."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat

from upstream.home.roles import ROLES


class Command(BaseCommand):
    """Idempotent: run it after every migration."""

    help = __doc__

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  (Django's signature)
        """Set each group's permissions. Raises CommandError when the table names one that does not exist."""
        named = Permission.objects.annotate(label=Concat("content_type__app_label", Value("."), "codename"))
        for role, labels in ROLES.items():
            permissions = named.filter(label__in=labels)
            unknown = labels - {permission.label for permission in permissions}
            if unknown:
                message = f"{role}: no such permission: {', '.join(sorted(unknown))}"
                raise CommandError(message)
            Group.objects.get_or_create(name=role)[0].permissions.set(permissions)
