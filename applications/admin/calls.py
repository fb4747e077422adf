"""Preparing a call in the office: its texts, criteria and form, a preview, and publishing it."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import DateTimeField, ForeignKey, QuerySet, TextField, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from applications.admin.interview_guide import InterviewQuestionInline
from applications.admin.reliability import ScoringPages
from applications.forms.calls import CallForm, CriterionForm, QuestionForm
from applications.forms.section import SectionForm
from applications.models import Call, Criterion, Question, Section
from applications.services.answers import Answered, AnsweredSection
from applications.services.calls import can_be_unpublished, move_closing, publish_call, unpublish_call
from cohort.states import Nation
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import in_words
from upstream.office import Act, OfficeAdmin, tag

# What councils have relied on since the call was published.
SETTLED = ("cohort", "opens_at", "nations", "terms", "terms_version", "privacy_version")
# What shows those of them that Django would write in keys, or in its own words.
IN_WORDS = {"opens_at": "opening", "nations": "open_to"}


def publish(call: Call, user: User) -> str:
    """Publish the call and say so."""
    publish_call(call_id=call.pk, by=user)
    return "The call is published. Its questions are now frozen, except for hints."


def unpublish(call: Call, user: User) -> str:
    """Take the call back and say so."""
    unpublish_call(call_id=call.pk, by=user)
    return "The call is no longer published. You can change its questions again."


class FormPartInline(admin.StackedInline):  # type: ignore[type-arg]
    """Rows that make up a call's form. Once the call is published only `free` may change: councils are answering the rest.

    `settled` is then shown above it as text. The name of the row stands in its heading.
    """

    extra = 0
    free: ClassVar[str]
    settled: ClassVar[tuple[str, ...]] = ()
    formfield_overrides: ClassVar = {TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})}}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Whoever sees the call sees its form."""
        return may(request, "view")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Whoever may change the call may change its form."""
        return may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is added to a frozen form."""
        return may(request, "change") and not is_frozen(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is taken from a frozen form."""
        return may(request, "change") and not is_frozen(obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what can be written, or what is frozen and the one thing that is not."""
        return (*self.settled, self.free) if is_frozen(obj) else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002  (Django's signature)
        """Return what is frozen."""
        return self.settled if is_frozen(obj) else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Suggest nothing for what cannot be written."""
        return {} if is_frozen(obj) else super().get_prepopulated_fields(request, obj)


def may(request: HttpRequest, action: str) -> bool:
    """Return whether the person has this permission for calls, which covers their parts."""
    return request.user.has_perm(f"applications.{action}_call")


def is_frozen(record: Call | Section | None) -> bool:
    """Return whether the form that this is, or is part of, may no longer change."""
    call = record.call if isinstance(record, Section) else record
    return call is not None and call.is_frozen


class CriterionInline(FormPartInline):
    """The criteria."""

    model = Criterion
    form = CriterionForm
    free = "anchors"
    settled = ("description", "share")
    fields = ("name", "description", "weight", "anchors", "position")

    @admin.display(description="Weight")
    def share(self, criterion: Criterion) -> str:
        """The weight as a share of the whole."""
        return f"{criterion.weight} per cent"


class SectionInline(FormPartInline):
    """The sections. Each has a page of its own with its questions."""

    model = Section
    free = "intro"
    fields = ("title", "slug", "intro", "position")
    prepopulated_fields: ClassVar = {"slug": ("title",)}
    show_change_link = True


class QuestionInline(FormPartInline):
    """A section's questions."""

    model = Question
    form = QuestionForm
    free = "hint"
    settled = ("as_asked",)
    fields = (
        "text",
        "hint",
        "kind",
        "purpose",
        "required",
        "word_limit",
        "options",
        "criterion",
        "hidden_from_panel",
        "position",
    )

    @admin.display(description="Answer")
    def as_asked(self, question: Question) -> str:
        """Everything that is settled about the answer, one thing on each line, and the list to choose from."""
        limit = f", at most {question.word_limit} words" if question.word_limit else ""
        lines = [f"{question.get_kind_display()}{limit}", "Required" if question.required else "Optional"]
        if question.purpose:
            lines.append(f"Read as: {question.get_purpose_display()}")
        if question.criterion:
            lines.append(f"Scored under “{question.criterion}”")
        if question.hidden_from_panel:
            lines.append("Hidden from the panel")
        return "\n".join([*lines, *(f"- {option}" for option in question.options)])

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        """Return the questions with their criteria, which a frozen form shows as text."""
        return super().get_queryset(request).select_related("criterion")

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the criteria of the section's own call, read once for all the questions."""
        section_id = request.resolver_match.kwargs["object_id"] if request.resolver_match else None
        kwargs["queryset"] = Criterion.objects.filter(call__sections=section_id)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.choices = list(field.choices)  # type: ignore[arg-type, union-attr]
        return field


@admin.register(Call)
class CallAdmin(ScoringPages):
    """Calls, in preparation and published."""

    form = CallForm
    inlines = (CriterionInline, SectionInline, InterviewQuestionInline)
    list_display = ("title", "cohort", "standing", "closing")
    list_select_related = ("cohort",)
    fieldsets = (
        (None, {"fields": ("cohort", "title", "summary", "opens_at", "closes_at", "nations")}),
        ("The call's page", {"fields": ("about", "who_can_apply", "what_you_get", "what_you_give", "timeline", "questions_and_answers")}),
        ("Terms", {"fields": ("terms", "terms_version", "privacy_version")}),
        ("Member agreement", {"fields": ("agreement", "agreement_version")}),
    )
    acts = (
        Act(
            name="publish",
            label="Publish the call",
            permission="applications.change_call",
            run=publish,
            consequence="Anybody can then read the call and its questions. The questions, criteria and terms are frozen; "
            "hints, introductions and the words for scores can still change. You can take the call back until it opens.",
            offered=lambda call, _user: not call.is_frozen,
        ),
        Act(
            name="unpublish",
            label="Unpublish the call",
            permission="applications.change_call",
            run=unpublish,
            consequence="The public can no longer read the call, and its questions can change again.",
            offered=lambda call, _user: can_be_unpublished(call),
            danger=True,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the preview's address."""
        return [self.address("<path:object_id>/preview/", self.preview, "preview"), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Call | None = None) -> Any:  # noqa: ARG002  (Django's signature)
        """Return what is settled once the call is published. The agreement never is: each offer keeps the text that it was made with."""
        return (*SETTLED, *IN_WORDS.values()) if is_frozen(obj) else ()

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:
        """Return the fields, in words where they are settled."""
        (name, options), *others = super().get_fieldsets(request, obj)
        fields = [IN_WORDS.get(str(field), field) if is_frozen(obj) else field for field in options["fields"]]
        return [(name, {"fields": fields}), *others]

    @admin.display(description="Opens at")
    def opening(self, call: Call) -> str:
        """The opening in words."""
        return capfirst(in_words(call.opens_at))

    @admin.display(description="Nations")
    def open_to(self, call: Call) -> str:
        """The nations by their names, in the order of the form."""
        return ", ".join(nation.label for nation in Nation if nation in call.nations)

    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the whole form as a council sees it. Nothing can be sent from the page."""
        call = self.visible_or_404(request, object_id)
        forms = []
        for section in call.sections.prefetch_related("questions"):
            blank = AnsweredSection(section, None, [Answered(question, None) for question in section.questions.all()])
            forms.append((section, SectionForm(section=blank, prefix=section.slug)))
        return render(request, "admin/applications/call/preview.html", {"call": call, "forms": forms, "back": self.page_url(call)})

    def save_model(self, request: Any, obj: Call, form: "forms.ModelForm[Any]", change: bool) -> None:
        """Save the columns that were changed, so that two people who change others undo nothing of each other's."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        left_to_service = {"closes_at"} if obj.is_frozen else set()
        obj.save(update_fields=set(form.changed_data) - left_to_service)

    def save_related(self, request: Any, form: "forms.ModelForm[Any]", formsets: Any, change: bool) -> None:
        """Save the criteria and sections, move the closing of a published call, and record what was changed last of all."""
        super().save_related(request, form, formsets, change)
        if form.instance.is_frozen and "closes_at" in form.changed_data:
            move_closing(call_id=form.instance.pk, closes_at=form.instance.closes_at, by=request.user)
        fields = [*form.changed_data, *(formset.prefix for formset in formsets if formset.has_changed())]
        record(actor=request.user, verb="call.changed" if change else "call.created", subject=form.instance, fields=fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        """Look at the clock once for all that the list shows."""
        return super().get_queryset(request).annotate(now=Value(clock.now(), output_field=DateTimeField()))  # type: ignore[no-any-return]

    @admin.display(description="Where it stands")
    def standing(self, call: Call) -> SafeString:
        """In preparation, published, open or closed."""
        now: datetime = call.now  # type: ignore[attr-defined]
        if not call.is_frozen:
            return tag("In preparation", "yellow")
        if now >= call.closes_at:
            return tag("Closed", "grey")
        return tag("Open", "green") if call.is_open(now) else tag("Published, not open yet")

    @admin.display(description="Closes", ordering="closes_at")
    def closing(self, call: Call) -> str:
        """The deadline in words."""
        return capfirst(in_words(call.closes_at))


@admin.register(Section)
class SectionAdmin(OfficeAdmin):
    """One section with its questions, reached from its call."""

    all_visible = True
    inlines = (QuestionInline,)
    fields = ("of_call",)
    readonly_fields = ("of_call",)

    @admin.display(description="Call")
    def of_call(self, section: Section) -> SafeString:
        """The call that the section belongs to."""
        return format_html('<a href="{}">{}</a>', reverse("admin:applications_call_change", args=[section.call_id]), section.call)

    def has_module_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's signature)
        """Leave it out of the index: a section means nothing without its call."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Whoever sees the call sees its form."""
        return may(request, "view")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Whoever may change the call may change its form."""
        return may(request, "change")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's signature)
        """Sections are added on the call's page."""
        return False

    def save_related(self, request: Any, form: "forms.ModelForm[Any]", formsets: Any, change: bool) -> None:
        """Save the questions and record that the form was changed."""
        super().save_related(request, form, formsets, change)
        record(actor=request.user, verb="call.questions_changed", subject=form.instance.call, section=form.instance.pk)
