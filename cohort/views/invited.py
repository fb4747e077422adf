"""What a person answers who has been invited to something: yes or no, as the button says."""

from django.core.exceptions import BadRequest

from cohort.services.people import change_details
from upstream.accounts.forms import NameForm
from upstream.http import UserRequest


def answer_of(request: UserRequest, *, yes: str, no: str) -> tuple[str, NameForm | None]:
    """Return the answer, "" where the page has to be shown, and the form for whoever has not given a name.

    They give it with their yes, as their colleagues will see it. Raises BadRequest for an answer that no button gives.
    """
    answer = request.POST.get("answer", "")
    if request.method == "POST" and answer not in {yes, no}:
        message = "Neither yes nor no"
        raise BadRequest(message)
    form = None if request.user.full_name else NameForm(request.POST if answer == yes else None)
    if form and answer == yes:
        if not form.is_valid():
            return "", form
        change_details(user=request.user, **form.cleaned_data)
    return answer, form
