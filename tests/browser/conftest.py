"""A real Chromium. Whatever the console says that a test does not expect fails it, which also tests the content security policy."""

import os
import re
import shutil
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from tests.applications.conftest import call, contact, draft, officer, whole  # noqa: F401  (fixtures)
from upstream.correspondence.models import OutboundEmail

# Playwright's sync API keeps an event loop in this thread, where Django would refuse to ask the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
AXE = "axe.min.js"  # served from the site itself, as the content security policy demands; kept by the browser, unlike a script sent to it
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Preloading reads style sheets anew, with inline styles of axe's own that our policy refuses. No rule of these tags needs it.
    "preload": False,
    # What is in order needs no report, and a fault is found by its markup: without both axe takes half the time.
    "resultTypes": ["violations"],
    "selectors": False,
}
FAULTS = """async options => {
    const { violations } = await axe.run(options)
    return violations.map(fault => `${fault.id}: ${fault.help}: ${fault.nodes.map(node => node.html.slice(0, 150)).join(" ")}`)
}"""
PATIENCE = 15_000  # milliseconds; a save that failed is tried again after ten seconds
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        pytest.fail("The browser tests need Chromium. On Debian and Ubuntu: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        connections.close_all()  # a test after the last one in a browser may have left one open where only Playwright's loop finds it
        browser.close()


@pytest.fixture
def forgiven():
    """Patterns of console messages that a test brings about on purpose, such as Chromium's word on a page that answers 404."""
    return []


class UnderWay:
    """How many requests the live server is answering."""

    def __init__(self):
        self.number = 0
        self.lock = threading.Lock()

    def started(self, **_):
        with self.lock:
            self.number += 1

    def finished(self, **_):
        with self.lock:
            self.number -= 1

    def wait(self):
        until = time.monotonic() + PATIENCE / 1000
        while self.number > 0 and time.monotonic() < until:
            time.sleep(0.01)


@pytest.fixture
def under_way():
    """Let a test wait for what its pages asked last: emptying the database while a request reads it ends in a deadlock."""
    requests = UnderWay()
    request_started.connect(requests.started)
    request_finished.connect(requests.finished)
    yield requests
    request_started.disconnect(requests.started)
    request_finished.disconnect(requests.finished)


@pytest.fixture
def visit(chromium, live_server, forgiven, under_way):
    """Return a function that opens a page in a browser of its own, signed in as a person or as nobody."""
    cache.clear()  # sign-ups are limited by address, and every test comes from the same one
    contexts, messages = [], []

    def open_page(address="/", user=None, **options):
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("console", lambda message: messages.append(message.text) if message.type in {"error", "warning"} else None)
        context.on("weberror", lambda fault: messages.append(str(fault.error)))
        if user:
            client = Client()
            client.force_login(user)
            context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    under_way.wait()
    assert [message for message in messages if not any(re.search(pattern, message) for pattern in forgiven)] == []


@pytest.fixture
def review():
    """Return a function that goes to addresses, or stays, and notes what axe and a 320-pixel screen find wrong with each page."""
    faults = []

    def look(page, *addresses):
        for address in addresses or [None]:
            if address:
                page.goto(address)
            page.wait_for_load_state()  # a click returns as soon as the next page has begun to arrive
            faults.extend(f"{page.url} ({page.title()}): {fault}" for fault in [*axe(page), *too_wide(page)])

    yield look
    assert not faults, "\n".join(faults)


def axe(page):
    """Return what axe-core finds wrong with the page."""
    page.add_script_tag(url=f"{settings.STATIC_URL}{AXE}")
    return page.evaluate(FAULTS, AXE_OPTIONS)


def too_wide(page, width=320):
    """Return what sticks out when the page is shown this wide."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 640})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(before)
    return [] if wide <= width else [f"it is {wide} pixels wide on a screen of {width}"]


def code_sent_to(address):
    """Return the code in the latest message to an address."""
    return re.search(r"\*\*(\S+)\*\*", OutboundEmail.objects.filter(recipient=address).first().text)[1]


def sign_in(page, address):
    """Sign in with an emailed code, on the page for it."""
    page.get_by_label("Email address").first.fill(address)
    page.get_by_role("button", name="Email me a sign-in code").click()
    page.get_by_label("Code").fill(code_sent_to(address))
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your work")).to_be_visible()


def tab_to(page, target):
    """Press Tab until the target has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {target}")


def press(page, role, name):
    """Go to a link or button with Tab and press Enter. The page it leads to fits a narrow screen."""
    tab_to(page, page.get_by_role(role, name=name).first)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert too_wide(page) == [], page.url


def type_in(page, label, text):
    tab_to(page, page.get_by_label(label))
    page.keyboard.type(text)


def tick(page, label):
    tab_to(page, page.get_by_label(label))
    page.keyboard.press("Space")


def choose(page, label):
    """Go to a group of radio buttons with Tab, then to the choice with the arrow keys."""
    choice = page.get_by_label(label)
    group = page.locator(f"[name='{choice.get_attribute('name')}']")
    tab_to(page, group.first)
    page.keyboard.press("Space")
    for _ in range(group.count()):
        if not choice.is_checked():
            page.keyboard.press("ArrowDown")
    expect(choice).to_be_checked()
