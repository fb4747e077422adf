"""Which call a page of the office is about, where the page is not a call's own."""

from django.http import Http404, HttpRequest

from applications.models import Application, Call
from applications.states import WAITING, ApplicationStatus, Stage
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


def last_closed(request: HttpRequest, calls: list[Call]) -> Call | None:
    """Return the call that the address names, or the last that has closed: nothing is decided before."""
    call = chosen_call(request, calls)
    if call is None or request.GET.get("call"):
        return call
    return next((each for each in calls if each.closes_at <= clock.now()), call)


def call_at_selection(request: HttpRequest, calls: list[Call]) -> Call | None:
    """Return the call that the address names, or the last that has come to a shortlist: one that is still open has nothing to select."""
    call = chosen_call(request, calls)
    if call is None or request.GET.get("call"):
        return call
    reached = (*WAITING[Stage.SELECTION], ApplicationStatus.OFFERED, ApplicationStatus.ACCEPTED)
    with_shortlist = set(Application.objects.filter(call__in=calls, status__in=reached).values_list("call", flat=True))
    return next((each for each in calls if each.pk in with_shortlist), call)
