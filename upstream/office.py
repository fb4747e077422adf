"""What every app's part of the office is made of: lists that show what the person may see, and buttons that do one thing.

An app's admin classes derive from OfficeAdmin. A button is an Act: it has a page that asks, and calls a service on POST.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse

from upstream.transitions import InvalidTransition


def always(_record: Any, _user: Any) -> bool:
    """Offer the act on every record."""
    return True


@dataclass(frozen=True)
class Act:
    """One thing that staff do to one record: a button on its page, a page that asks, and a call of a service on POST.

    `run(record, user, **what the form collected)` calls the service and returns the sentence that says what happened.
    An InvalidTransition is shown as a message; a ValidationError is shown on the form.
    """

    name: str
    label: str
    permission: str
    run: Callable[..., str]
    consequence: str = ""
    form: type[forms.Form] = forms.Form
    offered: Callable[[Any, Any], bool] = always
    danger: bool = False


class OfficeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and an object page in the office.

    Shows only what `visible_to` lets the person see, deletes nothing, and gives each of `acts` an address
    (`admin:<app>_<model>_<act>`) and a button on the object's page.
    """

    acts: ClassVar[tuple[Act, ...]] = ()
    # For models without `visible_to`, such as councils: whoever may view one may view all.
    all_visible: ClassVar[bool] = False
    list_per_page = 100
    list_max_show_all = 100
    show_facets = admin.ShowFacets.ALWAYS
    actions = None
    save_on_top = False
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the person may see."""
        records = super().get_queryset(request)
        return records if self.all_visible else records.visible_to(request.user)  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Nothing that has a life of its own is deleted in the office."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Give each act an address, before Django's own, which would take it for a record's key."""
        return [self.address(f"<path:object_id>/{act.name}/", self.act_view(act), act.name) for act in self.acts] + super().get_urls()

    def address(self, route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
        """Return an address for a page of this model, named `admin:<app>_<model>_<name>`, that only people of the office reach."""
        return path(route, self.admin_site.admin_view(view), name=self.url_name(name))

    def url_name(self, name: str) -> str:
        """Return the name, without its namespace, of one of this model's addresses."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def page_url(self, record: Model) -> str:
        """Return the address of a record's page."""
        return reverse(f"admin:{self.url_name('change')}", args=[record.pk])

    def visible_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """Return the record. Raises Http404 when the person may not see it, or there is none."""
        try:
            record = get_object_or_404(self.get_queryset(request), pk=object_id)
        except (ValueError, ValidationError):  # a key that could not be one
            record = get_object_or_404(self.get_queryset(request).none())
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        return record

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Render a purpose-built page. Its template extends `admin/office_page.html`; pass `title`."""
        return render(request, template, self.admin_site.each_context(request) | {"opts": self.opts} | context)

    def offered_acts(self, request: HttpRequest, record: Model) -> list[dict[str, Any]]:
        """Return the buttons that this person has on this record."""
        return [
            {"act": act, "url": reverse(f"admin:{self.url_name(act.name)}", args=[record.pk])}
            for act in self.acts
            if request.user.has_perm(act.permission) and act.offered(record, request.user)
        ]

    def act_view(self, act: Act) -> Callable[[HttpRequest, str], HttpResponse]:
        """Return the view that asks, and acts on POST."""

        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            record = self.visible_or_404(request, object_id)
            if not request.user.has_perm(act.permission):
                raise PermissionDenied
            form = act.form(request.POST if request.method == "POST" else None)
            if request.method == "POST" and form.is_valid() and self.carried_out(request, act, record, form):
                return redirect(self.page_url(record))
            return self.page(request, "admin/act.html", title=act.label, act=act, record=record, form=form, back=self.page_url(record))

        view.__name__ = act.name
        return view

    def carried_out(self, request: HttpRequest, act: Act, record: Model, form: forms.Form) -> bool:
        """Run the act and say what happened. Returns False when the form has to be shown again."""
        try:
            messages.success(request, act.run(record, request.user, **form.cleaned_data))
        except InvalidTransition as error:
            messages.error(request, str(error))
        except ValidationError as error:
            form.add_error(None, error)
            return False
        return True

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Add the buttons to the record's page."""
        record = kwargs.get("obj")
        context["offered_acts"] = self.offered_acts(request, record) if record else []
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(OfficeAdmin):
    """Records that are only read in the office; whatever changes them is an act or happens elsewhere."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002  (Django's signature)
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Nothing is edited by hand."""
        return False
