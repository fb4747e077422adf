"""Addresses of calls and of expressions of interest."""

from django.urls import path

from applications.views import calls, eligibility, eoi, interviews, offers, panel, scoring, sections, submission

app_name = "applications"
urlpatterns = [
    path("calls/<slug:slug>/", calls.call, name="call"),
    path("calls/<slug:slug>/questions/", calls.questions, name="questions"),
    path("calls/<slug:slug>/questions.pdf", calls.questions_pdf, name="questions_pdf"),
    path("calls/<slug:slug>/terms/", calls.terms, name="terms"),
    path("calls/<slug:slug>/start/", eligibility.start, name="start"),
    path("calls/<slug:slug>/start/council/", eligibility.council, name="start_council"),
    path("calls/<slug:slug>/start/council/<slug:code>/", eligibility.confirm, name="start_confirm"),
    path("calls/<slug:slug>/start/initiative/", eligibility.initiative, name="start_initiative"),
    path("calls/<slug:slug>/start/people/", eligibility.people, name="start_people"),
    path("calls/<slug:slug>/start/result/", eligibility.can_apply, name="can_apply"),
    path("calls/<slug:slug>/start/advice/<slug:topic>/", eligibility.advice, name="advice"),
    path("calls/<slug:slug>/begin/", eoi.begin, name="begin"),
    path("eoi/<slug:reference>/", eoi.eoi, name="eoi"),
    path("eoi/<slug:reference>/answers/", eoi.answers, name="answers"),
    path("eoi/<slug:reference>/pdf/", eoi.pdf, name="pdf"),
    path("eoi/<slug:reference>/sections/<slug:slug>/", sections.section, name="section"),
    path("eoi/<slug:reference>/sections/<slug:slug>/autosave/", sections.autosave, name="autosave"),
    path("eoi/<slug:reference>/sections/<slug:slug>/presence/", sections.presence, name="presence"),
    path("eoi/<slug:reference>/check/", submission.check, name="check"),
    path("eoi/<slug:reference>/receipt/", submission.receipt, name="receipt"),
    path("eoi/<slug:reference>/withdraw/", submission.withdraw, name="withdraw"),
    path("eoi/<slug:reference>/interview/", interviews.interview, name="interview"),
    path("eoi/<slug:reference>/interview/change/", interviews.change, name="interview_change"),
    path("eoi/<slug:reference>/interview/cancel/", interviews.cancel, name="interview_cancel"),
    path("eoi/<slug:reference>/offer/", offers.offer, name="offer"),
    path("eoi/<slug:reference>/offer/decline/", offers.decline, name="offer_decline"),
    path("eoi/<slug:reference>/offer/agreement.pdf", offers.agreement, name="agreement"),
    path("panel/<slug:slug>/", panel.panel, name="panel"),
    path("panel/<slug:slug>/declare/", panel.declare, name="panel_declare"),
    path("panel/<slug:slug>/check/", scoring.check, name="panel_check"),
    path("panel/<slug:slug>/conflicts/", panel.conflicts, name="panel_conflicts"),
    path("panel/<slug:slug>/conflicts/<int:pk>/waive/", panel.waive, name="panel_waive"),
    path("panel/<slug:slug>/score/<slug:reference>/", scoring.score, name="score"),
    path("panel/<slug:slug>/score/<slug:reference>/autosave/", scoring.autosave, name="score_autosave"),
    path("panel/<slug:slug>/score/<slug:reference>/conflict/", panel.conflict, name="score_conflict"),
]
