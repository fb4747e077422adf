"""Pages that belong to no single app."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page."""
    return render(request, "home/home.html")


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (a health check looks at nothing in it)
    """Answer a health check: 200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
