"""What every app's part of the office is made of: lists that show what the person may see, and buttons that do one thing.

An app's admin classes derive from OfficeAdmin. A button is an Act: it has a page that asks, and calls a service on POST.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from upstream.deadlines import moment_in_words
from upstream.transitions import InvalidTransition

# A model's label in lower case and a primary key.
Key = tuple[str, int]


def plain(key: str) -> str:
    """Return a key of the code in words: "contact.role_changed" is "Contact role changed"."""
    return re.sub(r"[._-]+", " ", key).capitalize()


def tag(text: Any, tone: str = "") -> SafeString:
    """Return a status as a tag in one of the tones of includes/tag.html."""
    return SafeString(render_to_string("includes/tag.html", {"text": text, "tone": tone}))


def moment(column: str, label: str, empty: str = "") -> Any:
    """Return a column that says in words when something happened, and `empty` while it has not.

    It stands in list_display, fields and readonly_fields, where Django's types expect names alone.
    """

    @admin.display(description=label, ordering=column)
    def shown(record: Any) -> str:
        value = getattr(record, column)
        return capfirst(moment_in_words(value)) if value else empty

    shown.__name__ = f"moment_{column}"
    return shown


def day(column: str, label: str) -> Any:
    """Return a column that says a day in words: "1 March 2027"."""

    @admin.display(description=label, ordering=column)
    def shown(record: Any) -> str:
        return date_format(getattr(record, column), "j F Y")

    shown.__name__ = f"day_{column}"
    return shown


def records_behind(keys: Iterable[Key], user: Any) -> dict[Key, Model]:
    """Return the records that exist and that the person may see: one query for each model among them."""
    wanted: dict[str, set[int]] = {}
    for label, pk in keys:
        wanted.setdefault(label, set()).add(pk)
    models = {model._meta.label_lower: model for model in apps.get_models()}
    found: dict[Key, Model] = {}
    for label in wanted.keys() & models.keys():
        records = models[label]._default_manager.filter(pk__in=wanted[label]).select_related(*named_by(models[label]))
        if hasattr(records, "visible_to"):
            records = records.visible_to(user)
        found |= {(label, record.pk): record for record in records}
    return found


def named_by(model: type[Model]) -> Iterable[Any]:
    """Return the records that a record's name needs: what its list in the office fetches with it, or else what its class says.

    All that it belongs to would be a dozen tables for some, which the database then joins in an order left to chance.
    """
    page = admin.site._registry.get(model)
    fetched = page.list_select_related if page else getattr(model, "named_with", None)
    return fetched if isinstance(fetched, tuple) else (None,)


def name_in_office(record: Model) -> str:
    """Return the name of a record as a link to its page, where it has one. A content type stands for a whole list."""
    if isinstance(record, ContentType):
        model = record.model_class()
        return str(capfirst(model._meta.verbose_name_plural)) if model else record.name
    try:
        address = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
    except NoReverseMatch:
        return str(record)
    return format_html('<a href="{}">{}</a>', address, record)


class ColumnFilter(admin.SimpleListFilter):
    """Filters by one column or annotation, named by `column`, among `labels`.

    Counts its choices in one grouped query, where Django's own would join them one by one.
    """

    column = ""
    labels: Iterable[tuple[Any, str]] = ()

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> list[tuple[Any, str]]:
        """Return the choices, found once for a page: Django makes every filter anew for each filter that counts."""
        found: dict[str, list[tuple[Any, str]]] = request.__dict__.setdefault("choices_of_filters", {})
        if self.parameter_name not in found:
            found[self.parameter_name] = self.found_choices(request, model_admin)  # type: ignore[index]
        return found[self.parameter_name]  # type: ignore[index]

    def found_choices(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> list[tuple[Any, str]]:  # noqa: ARG002  (most choices are the same for all)
        """Return the choices."""
        return list(self.labels)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep what was chosen; a choice that does not exist keeps nothing."""
        if self.value() is None:
            return queryset
        known = {str(value) for value, _ in self.lookup_choices}
        return queryset.filter(**{self.column: self.value()}) if self.value() in known else queryset.none()

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many records each value of the column has."""
        return dict(records.order_by().values_list(self.column).annotate(number=Count("pk")))

    def get_facet_queryset(self, changelist: ChangeList) -> dict[str, int]:
        """Return the counts under the names that SimpleListFilter.choices reads."""
        numbers = self.counted(changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters()))
        return {f"{i}__c": numbers.get(value, 0) for i, (value, _) in enumerate(self.lookup_choices)}


class KeyFilter(ColumnFilter):
    """By a column of keys that the code invents. The choices are those in use, in words."""

    def found_choices(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> list[tuple[Any, str]]:
        """Return the keys among the records that the person may see."""
        keys = model_admin.get_queryset(request).order_by(self.column).values_list(self.column, flat=True).distinct()
        return [(key, plain(key)) for key in keys]


def always(_record: Any, _user: Any) -> bool:
    """Offer the act on every record."""
    return True


def nothing_more(_record: Any) -> dict[str, Any]:
    """Make the form without knowing the record."""
    return {}


@dataclass(frozen=True)
class Act:
    """One thing that staff do to one record: a button on its page, a page that asks, and a call of a service on POST.

    `run(record, user, **what the form collected)` calls the service and returns the sentence that says what happened.
    `form_options(record)` is what the form is made with, such as its choices.
    An InvalidTransition is shown as a message; a ValidationError is shown on the form.
    """

    name: str
    label: str
    permission: str
    run: Callable[..., str]
    consequence: str = ""
    form: type[forms.Form] = forms.Form
    form_options: Callable[[Any], dict[str, Any]] = nothing_more
    offered: Callable[[Any, Any], bool] = always
    danger: bool = False


class OfficeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and an object page in the office.

    Shows only what `visible_to` lets the person see, deletes nothing, and gives each of `acts` an address
    (`admin:<app>_<model>_<act>`) and a button on the object's page.
    """

    acts: ClassVar[tuple[Act, ...]] = ()
    # What the list says while there is nothing in it.
    empty_list: ClassVar[str] = "There is nothing here yet."
    # The page of a record that the person may not change.
    record_template: ClassVar[str] = "admin/record.html"
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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Call the list what it lists, where Django says "Select message to view"."""
        return super().changelist_view(request, {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what the audit trail says of the record: most of what happens to one never passes through its form."""
        del extra_context
        record = self.visible_or_404(request, object_id)
        subject = urlencode({"subject_type": self.opts.label_lower, "subject_id": record.pk})
        return redirect(f"{reverse('admin:audit_entry_changelist')}?{subject}")

    def _get_obj_does_not_exist_redirect(self, *_: Any) -> HttpResponse:
        """Answer 404 for what is not there or not visible, as everywhere, where Django goes to the front page."""
        raise Http404

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

    def page(self, request: HttpRequest, template: str, *, code: int = 200, **context: Any) -> HttpResponse:
        """Render a purpose-built page. Its template extends `admin/office_page.html`; pass `title`. `code` is the answer's status."""
        return render(request, template, self.admin_site.each_context(request) | {"opts": self.opts} | context, status=code)

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
            form = act.form(request.POST if request.method == "POST" else None, **act.form_options(record))
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
        """Call a record's page by its name, add its buttons, and give what the person may only read another page than a form."""
        record = kwargs.get("obj")
        if record:
            context |= {"title": str(record), "subtitle": None, "offered_acts": self.offered_acts(request, record)}
        response = super().render_change_form(request, context, *args, **kwargs)
        if record and not context["has_change_permission"]:
            response.template_name = self.record_template  # type: ignore[attr-defined]  # a TemplateResponse, not rendered yet
        return response


class ReadOnlyAdmin(OfficeAdmin):
    """Records that are only read in the office; whatever changes them is an act or happens elsewhere."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002  (Django's signature)
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Nothing is edited by hand."""
        return False


class NamingAdmin(ReadOnlyAdmin):
    """Records that hold the keys of others. A page fetches all of those at once, and `named` gives their names."""

    def keys(self, record: Any) -> list[Key]:
        """Return the keys of the records that this one names."""
        raise NotImplementedError

    def named(self, record: Any, key: Key) -> str:
        """Return the other's name, or what it was when it is gone or not for this person to see."""
        other = record.others.get(key)
        return name_in_office(other) if other else f"{plain(key[0].partition('.')[2])} that is no longer on record"

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Fetch what the rows of this page name."""
        changelist = super().get_changelist_instance(request)
        self.fetch_others(request, changelist.result_list)
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Fetch what the record names."""
        record = super().get_object(request, object_id, from_field)
        self.fetch_others(request, [record] if record else [])
        return record

    def fetch_others(self, request: HttpRequest, records: Iterable[Any]) -> None:
        """Give each record all that any of them names."""
        others = records_behind({key for record in records for key in self.keys(record)}, request.user)
        for record in records:
            record.others = others
