"""The office's pages of calls, of expressions of interest and of interviews."""

from applications.admin import applications, calls, extensions, interview_slots, interviews

__all__ = ["applications", "calls", "extensions", "interview_slots", "interviews"]
