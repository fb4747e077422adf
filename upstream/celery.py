"""The Celery application. Celery only wakes things up: the truth is rows, and sweeps repair what a wake-up missed."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upstream.settings")
app = Celery("upstream")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
