"""Asking to act for a council, and looking after the people who do."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cohort.forms import CouncilNameForm, InviteForm, NearCouncilForm, RoleForm
from cohort.models import Council, CouncilContact
from cohort.names import Matches, find_councils
from cohort.policies import can_act_for, can_manage_people, can_see_people
from cohort.services import contacts
from cohort.states import ContactRole, ContactStatus
from cohort.views.invited import answer_of
from upstream import clock
from upstream.http import UserRequest, check_limit, get_visible_or_404
from upstream.transitions import InvalidTransition

PEOPLE_PER_PAGE = 50


@require_http_methods(["GET", "POST"])
def request_council(request: UserRequest) -> HttpResponse:
    """Find a council by its name, then ask to act for it. `next` is where to go once that is allowed."""
    asked = request.POST if request.method == "POST" else request.GET
    after = safe_address(request, asked.get("next", ""))
    today = timezone.localdate(clock.now())
    if asked.get("council"):
        if not asked["council"].isprintable():
            raise Http404  # no code has a null character, which PostgreSQL fails on
        council = get_object_or_404(Council.objects.not_ended(today), code=asked["council"])
        return ask_for(request, council, after)
    exact, near = Matches([], [])
    form = CouncilNameForm(asked if "name" in asked else None, initial={"next": after})
    if form.is_valid():
        check_limit(request, "council_search")
        exact, near = find_councils(form.cleaned_data["name"], today)
        if len(exact) == 1:
            return redirect(f"{reverse('cohort:request')}?{urlencode({'council': exact[0].code, 'next': after})}")
        near = exact or near
        if not near:
            form.add_error("name", "We do not know a council with this name. Check the spelling, or enter its full name")
    if near:
        hidden = {"name": form.cleaned_data["name"], "next": after}
        choice = NearCouncilForm(asked if "choosing" in asked else None, near=near, initial=hidden)
        context = {"form": choice, "name": form.cleaned_data["name"], "is_exact": bool(exact)}
        return render(request, "cohort/request_near.html", context)
    return render(request, "cohort/request.html", {"form": form})


def ask_for(request: UserRequest, council: Council, after: str) -> HttpResponse:
    """Show what asking to act for this council means, and ask on POST."""
    after = after or reverse("cohort:people", args=[council.code])
    if can_act_for(request.user, council):
        return redirect(after)
    if request.method == "POST":
        try:
            contact = contacts.request_to_act(user=request.user, council=council)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return redirect("cohort:request")
        if contact.status != ContactStatus.ACTIVE:
            return redirect("cohort:standing", contact.pk)
        messages.success(request, f"You can now act for {council}. Your role is {contact.get_role_display().lower()}.")
        return redirect(after)
    return render(request, "cohort/request_confirm.html", {"council": council, "next": after})


@require_safe
def standing(request: UserRequest, pk: int) -> HttpResponse:
    """Show a person where their own request stands."""
    mine = CouncilContact.objects.visible_to(request.user).filter(user=request.user)
    contact = get_object_or_404(mine.select_related("council"), pk=pk)
    if contact.status == ContactStatus.INVITED:
        return redirect("cohort:invitation", pk)
    return render(request, "cohort/standing.html", {"contact": contact})


@require_http_methods(["GET", "POST"])
def invitation(request: UserRequest, pk: int) -> HttpResponse:
    """Show a person an invitation of theirs; on POST accept or decline it, as the button says."""
    mine = CouncilContact.objects.visible_to(request.user).filter(user=request.user)
    contact = get_object_or_404(mine.select_related("council", "invited_by"), pk=pk)
    if contact.status != ContactStatus.INVITED:
        return redirect("cohort:standing", pk)
    answer, form = answer_of(request, yes="accept", no="decline")
    if not answer:
        return render(request, "cohort/invitation.html", {"contact": contact, "form": form})
    service = contacts.accept_invitation if answer == "accept" else contacts.decline_invitation
    try:
        service(contact_id=pk, by=request.user)
    except InvalidTransition as refusal:
        messages.error(request, str(refusal))
    return redirect("cohort:standing", pk)


@require_http_methods(["GET", "POST"])
def people(request: UserRequest, code: str) -> HttpResponse:
    """List who acts for a council and who waits to; on POST invite a colleague."""
    council = get_object_or_404(Council, code=code)
    if not can_see_people(request.user, council):
        raise Http404
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        role = ContactRole(form.cleaned_data["role"])
        try:
            contacts.invite_colleague(by=request.user, council=council, email=email, role=role)
        except InvalidTransition as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"We have written to {email}.")
            return redirect("cohort:people", code)
    standings = CouncilContact.objects.visible_to(request.user).filter(council=council).exclude(status=ContactStatus.ENDED)
    page = Paginator(standings.select_related("user"), PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    can_manage = can_manage_people(request.user, council)
    return render(request, "cohort/people.html", {"council": council, "page": page, "form": form, "can_manage": can_manage})


@require_POST
def accept(request: UserRequest, pk: int) -> HttpResponse:
    """Let somebody who asked act for the council."""
    contact = contact_or_404(request, pk)
    return carry_out(
        request,
        contact,
        lambda: contacts.accept_request(contact_id=pk, by=request.user),
        f"{contact.user} can now act for {contact.council}.",
    )


@require_http_methods(["GET", "POST"])
def refuse(request: UserRequest, pk: int) -> HttpResponse:
    """Turn a request down, after asking."""
    contact = contact_or_404(request, pk)
    if not can_manage_people(request.user, contact.council):
        raise PermissionDenied
    if request.method == "GET":
        return render(request, "cohort/refuse.html", {"contact": contact})
    return carry_out(
        request, contact, lambda: contacts.refuse_request(contact_id=pk, by=request.user), f"You refused the request of {contact.user}."
    )


@require_POST
def role(request: UserRequest, pk: int) -> HttpResponse:
    """Make somebody an editor or a submitter."""
    contact = contact_or_404(request, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    wanted = ContactRole(form.cleaned_data["role"])
    return carry_out(
        request,
        contact,
        lambda: contacts.change_role(contact_id=pk, by=request.user, role=wanted),
        f"{contact.user} is now {'a submitter' if wanted == ContactRole.SUBMITTER else 'an editor'}.",
    )


@require_http_methods(["GET", "POST"])
def end(request: UserRequest, pk: int) -> HttpResponse:
    """End somebody's standing or withdraw an invitation, after asking."""
    contact = contact_or_404(request, pk)
    if contact.user != request.user and not can_manage_people(request.user, contact.council):
        raise PermissionDenied
    if request.method == "GET":
        return render(request, "cohort/end.html", {"contact": contact})
    who = "You" if contact.user == request.user else contact.shown_name
    return carry_out(
        request,
        contact,
        lambda: contacts.end_contact(contact_id=pk, by=request.user),
        f"{who} can no longer act for {contact.council}.",
    )


def contact_or_404(request: UserRequest, pk: int) -> CouncilContact:
    """Return a standing that the person may see, with its council and its person."""
    return get_visible_or_404(CouncilContact.objects.select_related("council", "user"), request.user, pk=pk)


def carry_out(request: UserRequest, contact: CouncilContact, act: Callable[[], object], said: str) -> HttpResponse:
    """Call a service, say what came of it and go back to the council's people, or home for somebody who has just left."""
    try:
        act()
    except InvalidTransition as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("cohort:people", contact.council.code) if can_see_people(request.user, contact.council) else redirect("home")


def safe_address(request: UserRequest, address: str) -> str:
    """Return the address when it is one of our own, else nothing."""
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if ours and address.startswith("/") else ""  # `redirect` would take a bare word for the name of a page
