"""Councils, the people who act for them, cohorts and the lists that staff keep, in the office."""

import base64
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from cohort.models import Cohort, Council, CouncilContact, CouncilDomain, FocusArea, PoliticalControl, ServiceArea
from cohort.services.contacts import accept_request, change_role, end_contact, refuse_request
from cohort.services.register import UnreadableFile, load_register, preview_register
from cohort.states import ContactRole, ContactStatus, Control
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.admin import RecordedAdmin
from upstream.office import Act, ReadOnlyAdmin, day, moment, name_in_office, tag

CONTACT_TONES = {
    ContactStatus.INVITED: "",
    ContactStatus.REQUESTED: "yellow",
    ContactStatus.ACTIVE: "green",
    ContactStatus.ENDED: "grey",
}
CHANGED_AT = moment("changed_at", "Last changed")
LARGEST_FILE = 1024 * 1024


class ControlFilter(admin.SimpleListFilter):
    """Who controls the council today."""

    title = "control today"
    parameter_name = "control"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002  (Django's signature)
        """Offer every control."""
        return list(Control.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep the councils under the control that was chosen."""
        return queryset.filter(control=self.value()) if self.value() else queryset


class ExistsFilter(admin.SimpleListFilter):
    """Whether the council exists today."""

    title = "existence"
    parameter_name = "exists"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002  (Django's signature)
        """Offer both."""
        return [("today", "Exists today"), ("past", "Has ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep the councils that exist, or those that ended."""
        today = timezone.localdate(clock.now())
        choices: dict[str, QuerySet[Any]] = {"today": queryset.existing_on(today), "past": queryset.filter(ends_on__lt=today)}  # type: ignore[attr-defined]
        return choices.get(self.value() or "", queryset)


class ControlInline(admin.StackedInline):  # type: ignore[type-arg]
    """Who controls the council from a day on. Stacked, as Django's table gives its boxes no labels."""

    model = PoliticalControl
    fields = (("since", "control", "source"),)
    extra = 0


class DomainInline(admin.StackedInline):  # type: ignore[type-arg]
    """The email domains whose addresses are accepted at once."""

    model = CouncilDomain
    extra = 1


class RegisterFileForm(forms.Form):
    """A newer register."""

    file = forms.FileField(
        label="CSV file",
        help_text="With the same columns as the register that came with this site, saved as UTF-8.",
        error_messages={"required": "Select a file", "empty": "The file is empty"},
    )

    def clean_file(self) -> Any:
        """Refuse what is far larger than any register."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            message = "The file must be smaller than 1 MB"
            raise forms.ValidationError(message)
        return file


@admin.register(Council)
class CouncilAdmin(RecordedAdmin):
    """The register. A newer file is compared first and loaded only once somebody has seen the differences."""

    all_visible = True
    list_display = ("name", "official_name", "kind", "region", "control_today", "existence")
    list_filter = (ExistsFilter, "nation", "region", "kind", ControlFilter)
    search_fields = ("name", "official_name", "=code", "=gss_code")
    search_help_text = "Search by name or code"
    inlines = (ControlInline, DomainInline)
    change_list_template = "admin/cohort/council_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add each council's control as it stands today."""
        return super().get_queryset(request).with_control(timezone.localdate(clock.now()))  # type: ignore[attr-defined,no-any-return]

    @admin.display(description="Control today", ordering="control")
    def control_today(self, council: Council) -> str:
        """Say it in words."""
        return Control(council.control).label  # type: ignore[attr-defined]

    @admin.display(description="Exists", ordering="ends_on")
    def existence(self, council: Council) -> str:
        """Say since when and until when, where that is on record."""
        since = f"since {date_format(council.starts_on, 'j F Y')}" if council.starts_on else ""
        until = f"until {date_format(council.ends_on, 'j F Y')}" if council.ends_on else ""
        return capfirst(f"{since} {until}".strip())

    def get_urls(self) -> list[URLPattern]:
        """Give loading a register its address."""
        return [self.address("load/", self.load_view, "load"), *super().get_urls()]

    def load_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file, show what it would change, and load it once that is confirmed."""
        if not request.user.has_perms(["cohort.add_council", "cohort.change_council"]):
            raise PermissionDenied
        form = RegisterFileForm(request.POST, request.FILES) if request.method == "POST" else RegisterFileForm()
        try:
            if "confirmed" in request.POST:
                return self.load_confirmed(request)
            if request.method == "POST" and form.is_valid():
                return self.show_differences(request, form.cleaned_data["file"].read())
        except UnreadableFile as error:
            form = RegisterFileForm(request.POST, request.FILES)
            form.add_error(None, str(error))
        return self.page(request, "admin/cohort/load.html", title="Load a newer register", form=form)

    def show_differences(self, request: HttpRequest, data: bytes) -> HttpResponse:
        """Show what loading would do. The page carries the file, so nothing is kept for a preview nobody confirms."""
        differences = preview_register(data=data)
        context: dict[str, Any] = {
            "differences": differences,
            "file": base64.b64encode(data).decode(),
            "fingerprint": differences.fingerprint(),
        }
        return self.page(request, "admin/cohort/load_preview.html", title="Differences", **context)

    def load_confirmed(self, request: HttpRequest) -> HttpResponse:
        """Load the file, unless the register has changed since the preview: then show the differences anew."""
        try:
            data = base64.b64decode(request.POST.get("file", ""), validate=True)
        except ValueError:  # also what b64decode says of letters outside ASCII
            message = "The file did not arrive whole. Select it again."
            raise UnreadableFile(message) from None
        if preview_register(data=data).fingerprint() != request.POST["confirmed"]:
            messages.warning(request, "The register has changed since you looked. These are the differences now.")
            return self.show_differences(request, data)
        person: User = request.user  # type: ignore[assignment]
        done = load_register(data=data, by=person)
        messages.success(request, f"Councils: {len(done.added)} added, {len(done.changed)} changed, {len(done.refused)} refused.")
        return redirect("admin:cohort_council_changelist")


class NewRoleForm(forms.Form):
    """The role that a person gets."""

    role = forms.ChoiceField(label="Role", choices=ContactRole.choices)


def accept(contact: CouncilContact, user: User) -> str:
    """Accept a request."""
    accepted = accept_request(contact_id=contact.pk, by=user)
    return f"{contact.user} can now act for {contact.council} as {accepted.get_role_display().lower()}."


def refuse(contact: CouncilContact, user: User) -> str:
    """Refuse a request."""
    refuse_request(contact_id=contact.pk, by=user)
    return f"You refused the request of {contact.user}."


def give_role(contact: CouncilContact, user: User, *, role: str) -> str:
    """Change a role."""
    changed = change_role(contact_id=contact.pk, by=user, role=ContactRole(role))
    return f"{contact.user} is now {changed.get_role_display().lower()} for {contact.council}."


def end(contact: CouncilContact, user: User) -> str:
    """End a standing or withdraw an invitation."""
    end_contact(contact_id=contact.pk, by=user)
    return f"{contact.user} can no longer act for {contact.council}."


def is_requested(contact: CouncilContact, _user: Any) -> bool:
    """Return whether somebody has to decide."""
    return contact.status == ContactStatus.REQUESTED


def is_active(contact: CouncilContact, _user: Any) -> bool:
    """Return whether there is a role to change."""
    return contact.status == ContactStatus.ACTIVE


def can_end(contact: CouncilContact, _user: Any) -> bool:
    """Return whether there is something to end."""
    return contact.status in {ContactStatus.ACTIVE, ContactStatus.INVITED}


@admin.register(CouncilContact)
class CouncilContactAdmin(ReadOnlyAdmin):
    """Who acts for whom. Nothing is edited by hand: the buttons call the services that the council's own people use."""

    list_display = ("person", "council", "role", "status_tag", CHANGED_AT)
    list_filter = ("status", "role", "council__region")
    list_select_related = ("user", "council")
    search_fields = ("user__full_name", "user__email", "council__name", "council__official_name")
    search_help_text = "Search by person or council"
    date_hierarchy = "changed_at"
    fields = ("status_tag", "account", "council", "role", "invited_by", "decided_by", moment("created_at", "Since"), CHANGED_AT)
    readonly_fields = fields
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="accept",
            label="Accept the request",
            permission="cohort.change_councilcontact",
            run=accept,
            consequence="They become a submitter where the council has none, else an editor. We will email them.",
            offered=is_requested,
        ),
        Act(
            name="refuse",
            label="Refuse the request",
            permission="cohort.change_councilcontact",
            run=refuse,
            consequence="We will email them that their request was not accepted.",
            offered=is_requested,
            danger=True,
        ),
        Act(
            name="role",
            label="Change the role",
            permission="cohort.change_councilcontact",
            run=give_role,
            consequence="We will email them. A council keeps at least one submitter.",
            form=NewRoleForm,
            offered=is_active,
        ),
        Act(
            name="end",
            label="End access",
            permission="cohort.change_councilcontact",
            run=end,
            consequence="They will no longer see what the council writes. A council keeps at least one submitter.",
            offered=can_end,
            danger=True,
        ),
    )

    @admin.display(description="Person", ordering="user__full_name")
    def person(self, contact: CouncilContact) -> str:
        """The person's name."""
        return contact.user.get_full_name()

    @admin.display(description="Person")
    def account(self, contact: CouncilContact) -> str:
        """The person's name, which leads to their page."""
        return name_in_office(contact.user)

    @admin.display(description="Status", ordering="status")
    def status_tag(self, contact: CouncilContact) -> SafeString:
        """The status as a tag."""
        return tag(contact.get_status_display(), CONTACT_TONES[ContactStatus(contact.status)])


@admin.register(Cohort)
class CohortAdmin(RecordedAdmin):
    """The editions of the programme."""

    all_visible = True
    list_display = (
        "name",
        "reference_prefix",
        "places",
        day("starts_on", "Starts"),
        day("ends_on", "Ends"),
        day("confirmations_due_on", "Answers due"),
    )
    search_fields = ("name",)
    search_help_text = "Search by name"

    def get_readonly_fields(self, request: HttpRequest, obj: Cohort | None = None) -> tuple[str, ...]:  # noqa: ARG002  (Django's signature)
        """Fix what addresses and references are made of once the cohort has a call."""
        return ("slug", "reference_prefix") if obj and hasattr(obj, "call") else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Cohort | None = None) -> dict[str, Sequence[str]]:
        """Suggest the slug while it can be chosen."""
        return {} if self.get_readonly_fields(request, obj) else {"slug": ("name",)}


@admin.register(FocusArea, ServiceArea)
class ListEntryAdmin(RecordedAdmin):
    """A list that staff keep; calls that are published have their own copy."""

    all_visible = True
    list_display = ("name", "position", "offered")
    list_editable = ("position", "offered")
    empty_list = "There is nothing in this list yet. What you add here can be chosen in the next call that is published."

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Label each box, as in the list it stands in a column without a label of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            field.widget.attrs["aria-label"] = str(capfirst(db_field.verbose_name))
        return field

    list_filter = ("offered",)
    search_fields = ("name",)
    search_help_text = "Search by name"
