"""What is hidden together with a record, in apps that know nothing of that record."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Model, QuerySet

from upstream.accounts.models import User


def unseen_by(user: User) -> Iterator[tuple[type[Model], QuerySet[Model]]]:
    """Yield each model of settings.HIDDEN_WITH with those of its records that the person may not know of."""
    for label, path in settings.HIDDEN_WITH.items():
        model = apps.get_model(label)
        owner: Any = get_fields_from_path(model, path)[-1].related_model if path else model
        yield model, model._default_manager.exclude(**{f"{path or 'pk'}__in": owner._default_manager.visible_to(user)})
