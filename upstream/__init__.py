"""Upstream. Importing the Celery application here makes it the one that wake-ups are sent through."""

from upstream.celery import app as celery_app

__all__ = ["celery_app"]
