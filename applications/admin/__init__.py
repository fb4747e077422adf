"""The office's pages of calls and of expressions of interest."""

from applications.admin import applications, calls, extensions, panel

__all__ = ["applications", "calls", "extensions", "panel"]
