"""What the template pack needs to know of a field: its kind, its drawn control and where an error's link lands."""

from collections.abc import Iterator

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

from upstream.fields import DatePartsInput

register = template.Library()

# The first that fits wins: a CheckboxSelectMultiple is a RadioSelect's sister, and both are Selects to Django.
KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (DatePartsInput, "date"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkbox"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
    (forms.FileInput, "file"),
)
CLASSES = {"select": "govuk-select", "textarea": "govuk-textarea", "file": "govuk-file-upload", "checkbox": "govuk-checkboxes__input"}


@register.filter
def kind(field: BoundField) -> str:
    """Return which of the pack's parts draws the field."""
    return next((name for widget, name in KINDS if isinstance(field.field.widget, widget)), "input")


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw the field's one control with the Design System's classes, and with what describes it."""
    name = kind(field)
    base = CLASSES.get(name, "govuk-input")
    classes = [base, field.field.widget.attrs.get("class", "")]
    if field.errors and name != "checkbox":
        classes.append(f"{base}--error")
    described_by = [field.aria_describedby or ""]
    if word_limit(field):
        classes.append("govuk-js-character-count")
        described_by.append(f"{field.auto_id}-info")
    field.form.use_required_attribute = False
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, classes)), "placeholder": False}
    if any(described_by):
        attrs["aria-describedby"] = " ".join(filter(None, described_by))
    return field.as_widget(attrs=attrs)  # False leaves an attribute out


@register.filter
def word_limit(field: BoundField) -> int | None:
    """Return the field's word limit, if it has one."""
    return getattr(field.field, "word_limit", None)


@register.filter
def error_part(field: BoundField) -> int | None:
    """Return which box of a date is wrong: 0, 1 or 2; None when the whole date is."""
    errors = field.form.errors.as_data().get(field.name, [])
    return next((error.params["part"] for error in errors if error.params and "part" in error.params), None)


@register.filter
def error_target(field: BoundField) -> str:
    """Return the id of the control that an error's link gives focus to."""
    if kind(field) == "date":
        return f"{field.auto_id}_{error_part(field) or 0}"
    if kind(field) in {"radios", "checkboxes"}:
        return f"{field.auto_id}_0"
    return field.auto_id


@register.filter
def error_links(form: forms.BaseForm) -> Iterator[tuple[str, str]]:
    """Return each error with the id of its control; an error of the whole form has none."""
    for message in form.non_field_errors():
        yield "", str(message)
    for field in form.visible_fields():
        for message in field.errors:
            yield error_target(field), str(message)
