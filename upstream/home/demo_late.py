"""The councils of the demonstration's cohort at selection that had more time: their EoIs came in while the others were being shortlisted.

They are what is left to do: one to assess, one on which assessors differ, and then a release to prepare and another person to let it go.
"""

from datetime import timedelta
from typing import Any

from applications.models import Application, Call, Extension
from applications.services.decisions import accept_shared_outcomes
from applications.services.extensions import approve_extension, request_extension
from applications.services.submission import submit_application
from upstream.accounts.models import User
from upstream.deadlines import MINUTE
from upstream.home.demo_data import as_of
from upstream.home.demo_judging import Story, assess, comparisons, opinion_of

# Working days after the closing on which things happened.
UNTIL, ASSESSED, DECIDED = 10, (12, 17), 18
GENEROUS = 1.5  # how far two assessors who differ lie from the middle, in points of a score


def come_late(call: Call, content: dict[str, Any]) -> None:
    """Let the late councils submit, and take their EoIs as far as triage has come."""
    story = Story(call, content)
    manager, head = (User.objects.get(email=person["email"]) for person in content["staff"])
    assessor = User.objects.get(email=content["assistants"][0]["email"])
    written = {application.council.code: application for application in call.applications.select_related("council")}
    late = [written[code] for code in content["late"]["councils"]]
    for application in late:
        submit_with_more_time(story, application, manager, head)
    *agreed, differing, waiting = late
    for application in agreed:
        for person in (assessor, manager):
            assess(story, application, opinion_of(story, application), at=story.some_time(ASSESSED), by=person)
    for person, bias in ((assessor, GENEROUS), (manager, -GENEROUS)):
        assess(story, differing, opinion_of(story, differing, bias), at=story.some_time(ASSESSED), by=person)
    assess(story, waiting, opinion_of(story, waiting), at=story.some_time(ASSESSED), by=assessor)
    with as_of(story.moment(DECIDED)):
        accept_shared_outcomes(expected={each.application.pk: each.proposed for each in comparisons(story) if each.proposed}, by=manager)


def submit_with_more_time(story: Story, application: Application, manager: User, head: User) -> None:
    """Give the council more time, which one person asks for and another approves, and let it submit on its last morning."""
    asked = story.call.closes_at - timedelta(days=1)
    until, reason = story.moment(UNTIL, 12), story.content["late"]["reason"]
    with as_of(asked):
        extension = request_extension(call_id=story.call.pk, council_id=application.council_id, until=until, reason=reason, by=manager)
    Extension.objects.filter(pk=extension.pk).update(requested_at=asked)  # the database says it of its own clock
    with as_of(asked + 90 * MINUTE):
        approve_extension(extension_id=extension.pk, by=head)
    with as_of(until - story.draw.randint(8, 150) * MINUTE):
        submit_application(application_id=application.pk, by=application.created_by)
