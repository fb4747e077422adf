"""The call, the expressions of interest that answer it, and how they are judged."""

from applications.models.application import Answer, Application, SectionPresence, SectionProgress, SubmissionAttempt
from applications.models.call import Call, Criterion, Extension, Question, Section
from applications.models.conflict import Conflict
from applications.models.decision import Decision, Letter, Release
from applications.models.interview import Interview, InterviewQuestion, InterviewScore, InterviewSheet, InterviewSlot
from applications.models.meeting import MeetingExit, MeetingItem, PanelMeeting
from applications.models.offer import Offer
from applications.models.panel import Assignment, CriterionScore, Panel, PanelMember, Review
from applications.models.scenario import Lottery, Scenario
from applications.models.triage import Assessment, AssessmentScore

__all__ = [
    "Answer",
    "Application",
    "Assessment",
    "AssessmentScore",
    "Assignment",
    "Call",
    "Conflict",
    "Criterion",
    "CriterionScore",
    "Decision",
    "Extension",
    "Interview",
    "InterviewQuestion",
    "InterviewScore",
    "InterviewSheet",
    "InterviewSlot",
    "Letter",
    "Lottery",
    "MeetingExit",
    "MeetingItem",
    "Offer",
    "Panel",
    "PanelMeeting",
    "PanelMember",
    "Question",
    "Release",
    "Review",
    "Scenario",
    "Section",
    "SectionPresence",
    "SectionProgress",
    "SubmissionAttempt",
]
