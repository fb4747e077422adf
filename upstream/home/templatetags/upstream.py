"""The house's wording in templates: {% load upstream %}."""

import re
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
def exact_moment(value: datetime | None) -> str:
    """Write "11:59:59am on 15 July 2019"."""
    return deadlines.moment_to_the_second(value) if value else ""


@register.filter
def steps(text: str) -> list[tuple[str, str]]:
    """Split lines "when | what" into pairs; a line without a bar is all what."""
    pairs = [line.partition("|") for line in text.splitlines() if line.strip()]
    return [(when.strip(), what.strip()) if bar else ("", when.strip()) for when, bar, what in pairs]


@register.filter(expects_localtime=False)
def time_left(value: datetime | None, now: datetime | None = None) -> str:
    """Write "3 days and 4 hours", counted from `now`, or by the database's clock. Lists pass `now`: each look is a query."""
    return deadlines.time_left(value, now or clock.now()) if value else ""


@register.filter
def signed(value: float) -> str:
    """Write a figure with its sign: "+1.5", or "0.0"."""
    text = f"{value:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "\u2212")


@register.filter
def breakable(text: str) -> str:
    """Let the endless words break after 80 letters: laying out one of 50,000 as a document takes the best part of a minute."""
    return re.sub(r"(\S{80})(?=\S)", "\\1\u200b", text)


@register.filter
def markdown(text: str) -> SafeString:
    """Write Markdown as safe HTML."""
    return render_markdown(text)
