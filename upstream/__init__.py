"""The project package: composition root and platform. Importing it makes the Celery application the current one."""

from upstream.celery import app

__all__ = ["app"]
