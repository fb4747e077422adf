"""The running order of a panel's meeting: by what the adjusted scores can tell, and within that by reference."""

from collections.abc import Iterable

from applications.models import Application, Call
from applications.services.scores import read_scoring
from applications.states import ApplicationStatus, Outlook
from upstream.accounts.models import User


def outlooks(call: Call, applications: Iterable[Application], user: User) -> dict[int, Outlook]:
    """Return what the scores that count say of each EoI, by its key. The order is the same whoever asks: it rests on all of them.

    Without an adjustment nothing tells how sure a score is: then whoever has one could go either way.
    """
    from applications.selection.calibration import Score, above, calibrate
    from applications.selection.reliability import undecided

    scores = [Score(review.application, review.person.pk, review.value) for review in read_scoring(call, user).all_reviews]
    wanted = {application.pk for application in applications}
    # The places are for the whole shortlist, of which an earlier meeting may have settled a part.
    shortlist = {*Application.objects.filter(call=call, status=ApplicationStatus.SHORTLISTED).values_list("pk", flat=True), *wanted}
    found = dict.fromkeys(shortlist, Outlook.REST)
    calibration = calibrate(scores).among(shortlist)
    if calibration.adjustment is None:
        found |= dict.fromkeys(calibration.applications, Outlook.EITHER)
    else:
        places = call.cohort.places
        inside = above(calibration.adjustment.scores, places)
        found |= {pk: Outlook.STRONG for pk, is_inside in zip(calibration.applications, inside, strict=True) if is_inside}
        found |= dict.fromkeys(undecided(calibration, places), Outlook.EITHER)
    return {pk: found[pk] for pk in wanted}


def in_order(applications: Iterable[Application], found: dict[int, Outlook]) -> list[Application]:
    """Return the EoIs as the meeting takes them: the strongest that are certain, those that could go either way, the rest."""
    order = list(Outlook)
    return sorted(applications, key=lambda application: (order.index(found[application.pk]), application.reference))
