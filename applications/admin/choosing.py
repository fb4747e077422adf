"""Which call a page of the office is about, where the page is not a call's own."""

from django.http import Http404, HttpRequest

from applications.models import Call
from upstream import clock


def opened_calls() -> list[Call]:
    """Return the calls that have opened, the last first. There are a few, one for each cohort."""
    return list(Call.objects.published().filter(opens_at__lte=clock.now()).select_related("cohort").order_by("-opens_at"))


def chosen_call(request: HttpRequest, calls: list[Call]) -> Call | None:
    """Return the call that the address names, or the one that opened last. Raises Http404 for one that is not among them."""
    named = request.GET.get("call", "")
    if not named:
        return calls[0] if calls else None
    found = next((call for call in calls if str(call.pk) == named), None)
    if found is None:
        raise Http404
    return found
