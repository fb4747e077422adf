"""Addresses of calls and of expressions of interest."""

from django.urls import path

from applications.views import calls, eligibility

app_name = "applications"
urlpatterns = [
    path("calls/<slug:slug>/", calls.call, name="call"),
    path("calls/<slug:slug>/questions/", calls.questions, name="questions"),
    path("calls/<slug:slug>/terms/", calls.terms, name="terms"),
    path("calls/<slug:slug>/start/", eligibility.start, name="start"),
    path("calls/<slug:slug>/start/council/", eligibility.council, name="start_council"),
    path("calls/<slug:slug>/start/council/<slug:code>/", eligibility.confirm, name="start_confirm"),
    path("calls/<slug:slug>/start/initiative/", eligibility.initiative, name="start_initiative"),
    path("calls/<slug:slug>/start/people/", eligibility.people, name="start_people"),
    path("calls/<slug:slug>/start/result/", eligibility.can_apply, name="can_apply"),
    path("calls/<slug:slug>/start/advice/<slug:topic>/", eligibility.advice, name="advice"),
]
