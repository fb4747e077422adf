"""Reading the pages of a call's scores."""

import re

from applications.states import ApplicationStatus
from tests.factories import CouncilFactory
from tests.factories.judging import SubmittedFactory


def shortlisted(call, number, **details):
    names = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [
        SubmittedFactory(
            call=call,
            reference=f"R-{place:03}",
            council=CouncilFactory(official_name=f"{names[place % 26]} Council"),
            status=ApplicationStatus.SHORTLISTED,
            **details,
        )
        for place in range(number)
    ]


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def body(page):
    """Return the rows of the page's table of scores, each as the text of its cells."""
    table = re.search(r'<table class="office-scores">.*?</table>', page, re.DOTALL)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


def scores_page(client, call, query=""):
    response = client.get(f"/admin/applications/call/{call.pk}/scores/{query}")
    assert response.status_code == 200
    return response.content.decode()


def export(client, call, file_format="csv", query=""):
    return client.post(f"/admin/applications/call/{call.pk}/scores/{file_format}/{query}")


def export_of_reliability(client, call, file_format="csv"):
    return client.post(f"/admin/applications/call/{call.pk}/reliability/{file_format}/")


def reliability_page(client, call):
    response = client.get(f"/admin/applications/call/{call.pk}/reliability/")
    assert response.status_code == 200
    return response.content.decode()


def rows(page, caption):
    """Return the body of the table with this caption, each row as the text of its cells; nothing where there is no such table."""
    tables = re.findall(r"<table>.*?</table>", page, re.DOTALL)
    found = next((table for table in tables if f'govuk-visually-hidden">{caption}' in table), "<tbody>")
    parts = re.findall(r"<tr>(.*?)</tr>", found.split("<tbody>")[1], re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in parts]
