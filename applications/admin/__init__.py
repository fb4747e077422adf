"""The office's pages of calls, of expressions of interest and of how they are judged."""

from applications.admin import applications, calls, decisions, extensions, interview_slots, interviews, offers, panel, releases, triage

__all__ = ["applications", "calls", "decisions", "extensions", "interview_slots", "interviews", "offers", "panel", "releases", "triage"]
