"""A real SMTP server, and messages to send through it."""

import socket
import time
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from upstream.correspondence import services


class Sink:
    """An SMTP server's behaviour: keeps what it accepts, and refuses or dawdles when told to."""

    def __init__(self):
        self.messages = []
        self.recipient_answer = None
        self.data_answer = None
        self.wait = 0.0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.recipient_answer:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.data_answer:
            return self.data_answer
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        time.sleep(self.wait)  # noqa: ASYNC251  (the whole server hangs, as servers do)
        return "250 OK"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def smtp(settings):
    """A server that accepts everything; Django's real SMTP backend speaks to it."""
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_TIMEOUT = 1
    yield sink
    controller.stop()


@pytest.fixture
def templates(settings, tmp_path):
    """A template of the tests' own, found before the project's."""
    folder = tmp_path / "emails"
    folder.mkdir()
    (folder / "test.txt").write_text("Subject: Hello {{ name }}\n\nDear **{{ name }}**,\n\nSee [your page]({{ site_url }}/page/).\n")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]


@pytest.fixture
def queue(templates):
    """Return a function that queues a message to Sam."""

    def queue(**changes):
        message = {"key": "test:1", "kind": "test", "recipient": "sam@example.org", "template": "test", "context": {"name": "Sam"}}
        return services.queue(**message | changes)

    return queue
