"""What Celery wakes up in the store of files."""

import structlog
from celery import shared_task

from upstream.documents.services import remove_strays

log = structlog.get_logger(__name__)


@shared_task
def sweep_files() -> None:
    """Remove files that no row names."""
    log.info("files-swept", removed=remove_strays())
