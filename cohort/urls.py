"""Addresses under /councils/."""

from django.urls import path

from cohort.views import contacts, members

app_name = "cohort"
urlpatterns = [
    path("request/", contacts.request_council, name="request"),
    path("requests/<int:pk>/", contacts.standing, name="standing"),
    path("invitations/<int:pk>/", contacts.invitation, name="invitation"),
    path("people/<int:pk>/accept/", contacts.accept, name="accept"),
    path("people/<int:pk>/refuse/", contacts.refuse, name="refuse"),
    path("people/<int:pk>/role/", contacts.role, name="role"),
    path("people/<int:pk>/end/", contacts.end, name="end"),
    path("members/<int:pk>/", members.member, name="member"),
    path("delegates/<int:pk>/", members.delegate, name="delegate"),
    path("delegates/<int:pk>/replace/", members.replace, name="replace"),
    path("<slug:code>/people/", contacts.people, name="people"),
]
