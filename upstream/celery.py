"""The Celery application. Celery only wakes things up: the truth is rows, and sweeps repair what a wake-up missed."""

import os
from queue import Empty
from typing import Any

from celery import Celery
from kombu.transport import filesystem


class FolderChannel(filesystem.Channel):
    """Messages as files in a folder. One that is read while it is still being written counts as lost, and does not end the worker."""

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        del timeout
        try:
            return super()._get(queue)
        except ValueError:
            raise Empty from None


class FolderTransport(filesystem.Transport):
    """What carries wake-ups where there is no Redis."""

    Channel = FolderChannel


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upstream.settings")
app = Celery("upstream")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
