"""The office's pages of calls, of expressions of interest and of how they are judged."""

from applications.admin import applications, calls, extensions, interview_slots, interviews, panel, releases, triage, workbench

__all__ = ["applications", "calls", "extensions", "interview_slots", "interviews", "panel", "releases", "triage", "workbench"]
