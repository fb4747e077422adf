"""Markdown to HTML that is safe to show, whoever wrote it."""

from collections.abc import Callable
from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

TAGS = {"a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong"}
TAGS |= {"table", "tbody", "td", "th", "thead", "tr", "ul"}
ATTRIBUTES = {tag: {"class"} for tag in TAGS} | {"a": {"class", "href"}, "ol": {"class", "start"}}
HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}
CLASSES = {
    "a": "govuk-link",
    "h2": "govuk-heading-m",
    "h3": "govuk-heading-s",
    "h4": "govuk-heading-s",
    "hr": "govuk-section-break govuk-section-break--m govuk-section-break--visible",
    "ol": "govuk-list govuk-list--number",
    "p": "govuk-body",
    "table": "govuk-table",
    "td": "govuk-table__cell",
    "th": "govuk-table__header",
    "tr": "govuk-table__row",
    "ul": "govuk-list govuk-list--bullet",
}
AttributeFilter = Callable[[str, str, str], str | None]


def render_markdown(text: str, attribute_filter: AttributeFilter | None = None) -> SafeString:
    """Return HTML in the Design System's classes. Raw HTML is shown as text; links lead to http, https or mailto only.

    `attribute_filter(tag, attribute, value)` may change an attribute, or drop it by returning None.
    """
    html = nh3.clean(
        parser().render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=attribute_filter,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return mark_safe(html)


@cache
def parser() -> MarkdownIt:
    """Return the one parser: CommonMark and tables, no raw HTML."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.core.ruler.push("house_style", set_house_style)
    return markdown


def set_house_style(state: StateCore) -> None:
    """Give every element its class, and keep first-level headings for the page itself."""
    for token in state.tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
        for part in (token, *(token.children or [])):
            if part.nesting >= 0 and part.tag in CLASSES:
                part.attrSet("class", CLASSES[part.tag])
