"""Writing a section: by button, and by the page itself while somebody types."""

from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from applications.forms.section import SectionForm
from applications.models import Application, SectionProgress
from applications.policies import can_write
from applications.services.answers import AnsweredSection, answered_sections
from applications.services.eoi import (
    RevisionConflict,
    attach_file,
    detach_file,
    note_presence,
    others_present,
    save_section,
)
from applications.views.autosaving import answer_closed, answer_overtaken, answer_saved, typed_revision, who_saved
from applications.views.eoi import get_application
from upstream import clock
from upstream.documents.services import UnacceptableFile
from upstream.http import UserRequest, within_limit
from upstream.transitions import InvalidTransition


def get_section(application: Application, slug: str) -> tuple[AnsweredSection, list[AnsweredSection]]:
    """Return the section with its answers, and all sections in order. Raises Http404."""
    sections = answered_sections(application)
    for found in sections:
        if found.section.slug == slug:
            return found, sections
    raise Http404


@require_http_methods(["GET", "POST"])
def section(request: UserRequest, reference: str, slug: str) -> HttpResponse:
    """Show a section, or save it."""
    application = get_application(request, reference)
    found, sections = get_section(application, slug)
    if not can_write(request.user, application, clock.now()):
        return too_late(request, application, found) if request.method == "POST" else redirect("applications:eoi", reference)
    if request.method == "GET":
        return show(request, application, found, SectionForm(section=found))
    try:
        return save(request, application, found, sections)
    except RevisionConflict as conflict:
        return show_conflict(request, application, conflict.progress, slug)
    except InvalidTransition as refusal:
        return too_late(request, application, found, str(refusal))


def save(request: UserRequest, application: Application, found: AnsweredSection, sections: list[AnsweredSection]) -> HttpResponse:
    """Keep what was typed, whatever is wrong with it, then move on or show the problems."""
    if "remove" in request.POST:
        return remove(request, application, found)
    form = SectionForm(request.POST, request.FILES, section=found)
    unreadable = form.unreadable()
    revision = typed_revision(request)
    for name, upload in form.uploads().items():
        if not within_limit(request, "upload"):
            form.add_error(name, "Wait five minutes, then choose this file again: you have sent a lot of files")
            continue
        try:
            question = form.answers[name].question
            attach_file(application_id=application.pk, question=question, upload=upload, revision=revision, by=request.user)
            revision += 1
        except UnacceptableFile as refusal:
            form.add_error(name, str(refusal))
    values = form.values()  # taken first, as a field with a problem loses its value in the form
    going_on = request.POST.get("action") != "later"
    if going_on:
        form.add_problems()
    save_section(
        application_id=application.pk,
        section=found.section,
        revision=revision,
        values=values,
        completed=form.mark(going_on=going_on),
        by=request.user,
    )
    if form.errors:
        saved = get_section(application, found.section.slug)[0]
        return show(request, application, saved, form, all_saved=not unreadable)
    return after(application, found, sections, going_on=going_on)


def after(application: Application, found: AnsweredSection, sections: list[AnsweredSection], *, going_on: bool) -> HttpResponseRedirect:
    """Go to the next section, to the answers after the last one, or back to the task list."""
    if not going_on:
        return redirect("applications:eoi", application.reference)
    following = sections[sections.index(found) + 1 :]
    if following:
        return redirect("applications:section", application.reference, following[0].section.slug)
    return redirect("applications:check", application.reference)


def remove(request: UserRequest, application: Application, found: AnsweredSection) -> HttpResponse:
    """Remove a file, keep what was typed beside it, and show the section again."""
    form = SectionForm(request.POST, section=found)
    save_typed(request, application, found, form)
    for answered in found.answers:
        if answered.file and str(answered.file.pk) == request.POST["remove"]:
            detach_file(application_id=application.pk, question=answered.question, file=answered.file, by=request.user)
    return show(request, application, get_section(application, found.section.slug)[0], form)


def save_typed(request: UserRequest, application: Application, found: AnsweredSection, form: SectionForm) -> SectionProgress:
    """Save what could be read of what was typed, and say nothing of whether the section is complete."""
    form.is_valid()
    return save_section(
        application_id=application.pk,
        section=found.section,
        revision=typed_revision(request),
        values=form.values(),
        completed=None,
        by=request.user,
    )


def show(
    request: UserRequest,
    application: Application,
    found: AnsweredSection,
    form: SectionForm,
    *,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """Render the section's page."""
    progress = found.progress
    context = {
        "application": application,
        "section": found.section,
        "place": found.place,
        "form": form,
        "progress": progress,
        "revision": progress.revision if progress else 0,
        "files": {answered.question.field_name: answered.file for answered in found.answers if answered.file},
        "others": others_present(application_id=application.pk, section=found.section, user=request.user),
        "now": clock.now(),
        **more,
    }
    return render(request, "applications/eoi_section.html", context, status=status)


def show_conflict(request: UserRequest, application: Application, progress: SectionProgress, slug: str) -> HttpResponse:
    """Show what was typed beside what somebody else saved. Saving again from here is a choice made with both in sight."""
    saved, _ = get_section(application, slug)
    form = SectionForm(request.POST, section=saved)
    form.is_valid()
    conflict = who_saved(progress, progress.saved_by, request.user)
    return show(request, application, saved, form, status=409, conflict=conflict, differences=form.differences(saved.answers))


def too_late(request: UserRequest, application: Application, found: AnsweredSection, refusal: str = "") -> HttpResponse:
    """Hand the text back when it can no longer be saved: by what the EoI says, or by the service's refusal."""
    form = SectionForm(request.POST, section=found)
    typed = [(field.label, value) for field in form for value in request.POST.getlist(field.html_name) if value]
    is_visible = Application.objects.visible_to(request.user).filter(pk=application.pk).exists()
    context = {"application": application, "typed": typed, "refusal": refusal, "is_visible": is_visible}
    return render(request, "applications/eoi_too_late.html", context, status=409)


@require_POST
def autosave(request: UserRequest, reference: str, slug: str) -> JsonResponse:
    """Save as somebody types, and say what of it cannot be kept, such as half a date.

    Answers 409 with who saved meanwhile, and overwrites nothing; files are left to the button.
    """
    application = get_application(request, reference)
    found, _ = get_section(application, slug)
    if not can_write(request.user, application, clock.now()):
        return answer_closed()
    form = SectionForm(request.POST, section=found)
    try:
        progress = save_typed(request, application, found, form)
    except RevisionConflict as conflict:
        return answer_overtaken(conflict.progress, conflict.progress.saved_by, request.user)
    except InvalidTransition:
        return answer_closed()
    others = note_presence(application_id=application.pk, section=found.section, by=request.user)
    return answer_saved(progress, form.unreadable(), others=others)


@require_POST
def presence(request: UserRequest, reference: str, slug: str) -> JsonResponse:
    """Note that the section is open here, and say who else has it open."""
    application = get_application(request, reference)
    found, _ = get_section(application, slug)
    if not can_write(request.user, application, clock.now()):
        return answer_closed()
    return JsonResponse({"others": note_presence(application_id=application.pk, section=found.section, by=request.user)})
