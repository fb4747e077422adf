"""The office's pages of calls and of expressions of interest."""

from applications.admin import applications, calls, extensions

__all__ = ["applications", "calls", "extensions"]
