"""May this person do this now, to what they can already see?"""

from datetime import datetime

from applications.models import Application
from applications.states import TRANSITIONS, ApplicationStatus
from cohort.policies import can_act_for, can_submit_for
from upstream.accounts.models import User


def can_write(user: User, application: Application, now: datetime) -> bool:
    """Return whether the person may change answers. `application` must carry its deadline."""
    return application.is_draft and now < application.deadline and can_act_for(user, application.council)  # type: ignore[attr-defined]


def can_submit(user: User, application: Application, now: datetime) -> bool:
    """Return whether the person may submit. `application` must carry its deadline."""
    return can_write(user, application, now) and can_submit_for(user, application.council)


def can_withdraw(user: User, application: Application) -> bool:
    """Return whether the person may withdraw it."""
    status = ApplicationStatus(application.status)
    return ApplicationStatus.WITHDRAWN in TRANSITIONS[status] and can_submit_for(user, application.council)


def can_answer_offer(user: User, application: Application) -> bool:
    """Return whether the person may accept or decline the place. Whether there is time for it is the service's to judge."""
    return application.status == ApplicationStatus.OFFERED and can_submit_for(user, application.council)


def can_book_interview(user: User, application: Application) -> bool:
    """Return whether the person may book, move or cancel the interview. Whether there is time for it is the service's to judge."""
    return application.status == ApplicationStatus.SHORTLISTED and can_act_for(user, application.council)
