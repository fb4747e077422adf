"""People in the office: who they are, and which of them work here.

Here rather than in `accounts`, as what is changed goes into the audit trail, and that knows accounts.
"""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from upstream.accounts.models import User
from upstream.accounts.services import await_first_code, end_sessions
from upstream.audit.services import record
from upstream.office import ColumnFilter, OfficeAdmin, moment

LAST_LOGIN = moment("last_login", "Last signed in", empty="Never")
DATES = (moment("date_joined", "Joined"), LAST_LOGIN)
ACCESS = {"is_active", "is_staff", "groups"}

# Roles are kept in code, addresses and second factors belong to their person: none of them is edited in the office.
for model in (Group, EmailAddress, Authenticator):
    admin.site.unregister(model)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's details."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["email", "full_name", "job_title", "phone", "is_active", "is_staff", "groups"]
        widgets: ClassVar[dict[str, Any]] = {"groups": forms.CheckboxSelectMultiple}
        labels: ClassVar[dict[str, str]] = {"groups": "Roles"}
        help_texts: ClassVar[dict[str, str]] = {"groups": "Each role opens a part of the office. Somebody may have several."}

    def clean_email(self) -> str:
        """Keep addresses in lower case, so that one address is one person."""
        return str(self.cleaned_data["email"]).lower()


class RoleFilter(ColumnFilter):
    """By role. Somebody with two roles counts under both."""

    title = "role"
    parameter_name = "role"
    column = "groups"

    def found_choices(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002  (ColumnFilter's signature)
        """Return the roles."""
        return list(Group.objects.order_by("name").values_list("pk", "name"))


@admin.register(User)
class UserAdmin(OfficeAdmin):
    """Everybody who can sign in. Only a superuser decides who works here, and nobody changes an address that is in use."""

    all_visible = True
    form = PersonForm
    list_display = ("name", "email", "job_title", "access", "roles", LAST_LOGIN)
    list_display_links = ("name",)
    list_filter = ("is_staff", "is_active", RoleFilter)
    search_fields = ("full_name", "email")
    search_help_text = "Search by name or email address"
    fieldsets = (
        (None, {"fields": ("email", "full_name", "job_title", "phone")}),
        ("Access", {"fields": ("is_active", "is_staff", "groups", "superuser")}),
        ("Dates", {"fields": DATES}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch everybody's roles at once."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Give the form, or the same in words to those who only read it. A person to be added has no dates yet."""
        if obj is None:
            return self.fieldsets[:-1]
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ("email", "full_name", "job_title", "phone", "access", "roles", *DATES)})]
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """Let a superuser alone decide who works here, and with which roles."""
        fixed: list[Any] = ["superuser", "access", "roles", *DATES]
        if obj:
            fixed += ["email"]
        if not request.user.is_superuser:
            fixed += ["is_staff", "groups"]
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let a superuser alone change people who work here."""
        protected = obj is not None and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and (not protected or bool(request.user.is_superuser))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save what was changed. A new person gets no password: they sign in by emailed code, which proves the address is theirs."""
        if change:
            obj.save(update_fields=set(form.changed_data) - {"groups"})
        else:
            obj.set_unusable_password()
            super().save_model(request, obj, form, change)
            await_first_code(user=obj)

    def save_related(self, request: Any, form: "forms.ModelForm[User]", formsets: Any, change: bool) -> None:
        """Save the roles, sign out whoever may do other things now, and record last of all what was changed."""
        super().save_related(request, form, formsets, change)
        person = form.instance
        if ACCESS & set(form.changed_data):
            end_sessions(user=person)
        record(
            actor=request.user,
            verb="person.changed" if change else "person.added",
            subject=person,
            fields=form.changed_data,
            is_active=person.is_active,
            is_staff=person.is_staff,
            roles=sorted(person.groups.values_list("name", flat=True)),
        )

    @admin.display(description="Name", ordering="full_name")
    def name(self, user: User) -> str:
        """Return the name, or the address of who has not given one."""
        return user.get_full_name()

    @admin.display(description="Can enter")
    def access(self, user: User) -> str:
        """Say where the person gets in."""
        if not user.is_active:
            return "Nothing"
        return "Website and office" if user.is_staff else "Website"

    @admin.display(description="Superuser")
    def superuser(self, user: User) -> str:
        """Say whether the person may do everything."""
        return "Yes, may do everything in the office" if user.is_superuser else "No"

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        """Return the roles, in words."""
        if user.is_superuser:
            return "Superuser"
        return ", ".join(group.name for group in user.groups.all())
