"""Decision letters: one email to everybody who acts for the council, with the letter's stored PDF."""

from applications.models import Letter
from applications.notifications.eoi import address, people_of
from upstream.correspondence.services import queue
from upstream.correspondence.states import Lane


def decision_released(letter: Letter) -> None:
    """Send a released letter to everybody who acts for its council."""
    application = letter.decision.application
    for person in people_of(application):
        queue(
            key=f"decision-letter:{letter.pk}:{person.pk}",
            kind="decision-letter",
            recipient=person.email,
            template="applications/decision-letter",
            context={"letter": letter, "application": application, "person": person, "link": address("eoi", application.reference)},
            about=letter,
            lane=Lane.LETTERS,
            attachment="decision-letter",
        )
