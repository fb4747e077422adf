"""One-click sign-in for the demo. `upstream.urls` includes these addresses under the demo's settings and no other.

Opening the link signs in, without a form in between: everybody here is invented, and whoever opens it runs the demo.
"""

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path

from upstream.accounts.models import User


class Person(NamedTuple):
    """Somebody whom `load_demo` invents."""

    email: str
    title: str
    landing: str


PEOPLE = {
    "council": Person("sam.okafor@barset.example", "Council officer", "home"),
    "second-council": Person("priya.nair@northmere.example", "Officer of another council", "home"),
    "staff": Person("alex.morgan@upstream.example", "Programme staff", "admin:index"),
    "second-staff": Person("jo.lindqvist@upstream.example", "Programme staff who approve", "admin:index"),
    "interviewer": Person("theo.banerjee@upstream.example", "Programme staff who interview", "admin:index"),
    "superuser": Person("admin@upstream.example", "Superuser", "admin:index"),
    "shortlisted": Person("rosalind.keane@tamarleigh.example", "Officer of a shortlisted council", "home"),
    "panel-member": Person("aoife.brennan@advisers.example", "Panel member with scores left to do", "home"),
    "chair": Person("ruth.abara@advisers.example", "Chair of the panel", "home"),
}


@login_not_required
def sign_in(request: HttpRequest, who: str) -> HttpResponse:
    """Sign in as one of the demo's people and go where they start."""
    if who not in PEOPLE:
        raise Http404
    person = PEOPLE[who]
    login(request, get_object_or_404(User, email=person.email), backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(person.landing)


urlpatterns = [path("sign-in/<slug:who>/", sign_in, name="demo_sign_in")]
