"""Addresses under /councils/."""

from django.urls import path

from cohort import views

app_name = "cohort"
urlpatterns = [
    path("request/", views.request_council, name="request"),
    path("requests/<int:pk>/", views.standing, name="standing"),
    path("invitations/<int:pk>/", views.invitation, name="invitation"),
    path("people/<int:pk>/accept/", views.accept, name="accept"),
    path("people/<int:pk>/refuse/", views.refuse, name="refuse"),
    path("people/<int:pk>/role/", views.role, name="role"),
    path("people/<int:pk>/end/", views.end, name="end"),
    path("<slug:code>/people/", views.people, name="people"),
]
