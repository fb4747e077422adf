"""The call, and the expressions of interest that answer it."""

from applications.models.application import Answer, Application, SectionPresence, SectionProgress, SubmissionAttempt
from applications.models.call import Call, Criterion, Extension, Question, Section

__all__ = [
    "Answer",
    "Application",
    "Call",
    "Criterion",
    "Extension",
    "Question",
    "Section",
    "SectionPresence",
    "SectionProgress",
    "SubmissionAttempt",
]
