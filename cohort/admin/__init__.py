"""The office's pages of councils and of members."""

from cohort.admin import councils, members

__all__ = ["councils", "members"]
