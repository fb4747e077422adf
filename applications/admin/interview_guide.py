"""The guide of the interviews, on its call's page in the office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from applications.forms.interviews import GuideQuestionForm
from applications.models import Call, InterviewQuestion

COLUMNS = ("text", "prompt", "anchors", "position")


class InterviewQuestionInline(admin.StackedInline):  # type: ignore[type-arg]
    """The questions that every council is asked. They are frozen once somebody has scored an answer."""

    model = InterviewQuestion
    form = GuideQuestionForm
    extra = 0
    fields = COLUMNS
    verbose_name = "interview question"
    verbose_name_plural = "interview guide"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Leave the form's own fields out of a frozen guide: Django would ask for them although it shows them as text."""
        form = {"form": forms.ModelForm} if self.is_frozen(request, obj) else {}
        return super().get_formset(request, obj, **form, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is added to a frozen guide."""
        return super().has_add_permission(request, obj) and not self.is_frozen(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is taken from a frozen guide."""
        return super().has_delete_permission(request, obj) and not self.is_frozen(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is frozen."""
        return COLUMNS if self.is_frozen(request, obj) else ()

    def is_frozen(self, request: HttpRequest, call: Call | None) -> bool:
        """Return whether somebody has scored an answer, asked once for a page."""
        if call is None:
            return False
        known: dict[int, bool] = request.__dict__.setdefault("frozen_guides", {})
        if call.pk not in known:
            known[call.pk] = call.interview_questions.filter(scores__score__isnull=False).exists()
        return known[call.pk]
