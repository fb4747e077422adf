"""The house's wording in templates: {% load upstream %}."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from upstream import clock, deadlines
from upstream.documents.markdown import render_markdown

register = template.Library()


@register.filter(expects_localtime=False)
def deadline(value: datetime | None) -> str:
    """Write "midday on Monday 15 July 2019"."""
    return deadlines.in_words(value) if value else ""


@register.filter(expects_localtime=False)
def moment(value: datetime | None) -> str:
    """Write "2:14pm on 3 May 2019"."""
    return deadlines.moment_in_words(value) if value else ""


@register.filter(expects_localtime=False)
def time_left(value: datetime | None) -> str:
    """Write "3 days and 4 hours", counted by the database's clock."""
    return deadlines.time_left(value, clock.now()) if value else ""


@register.filter
def markdown(text: str) -> SafeString:
    """Write Markdown as safe HTML."""
    return render_markdown(text)
