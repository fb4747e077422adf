"""Markdown that staff and councils write."""

from html.parser import HTMLParser

import pytest

from upstream.documents.markdown import render_markdown


class Elements(HTMLParser):
    """The elements and attributes that a browser would see."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_first_level_headings_stay_with_the_page():
    assert render_markdown("# Who can apply") == '<h2 class="govuk-heading-m">Who can apply</h2>\n'


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](https://tracker.example/pixel.png)",
        "<a href='javascript:alert(1)'>a</a>",
        "[a](https://example.org 'x\" onmouseover=alert(1)')",
        "<style>p{display:none}</style>",
        "<iframe src=https://example.org></iframe>",
        "<p style='color:red'>a</p>",
    ],
)
def test_hostile_text_becomes_harmless(hostile):
    found = Elements(render_markdown(hostile)).found
    assert {tag for tag, _ in found} <= {"p", "a"}
    assert {name for _, attributes in found for name in attributes} <= {"class", "href", "title"}
    assert {attributes.get("href", "https:").partition(":")[0] for _, attributes in found} <= {"https"}


def test_lists_tables_and_links_wear_the_design_systems_classes():
    html = render_markdown("- one\n- two\n\n| a |\n| - |\n| b |\n\n[site](https://example.org)")
    assert '<ul class="govuk-list govuk-list--bullet">' in html
    assert '<td class="govuk-table__cell">b</td>' in html
    assert '<a href="https://example.org" class="govuk-link">site</a>' in html
