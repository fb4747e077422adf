"""Addresses of files."""

from django.urls import path

from upstream.documents import views

app_name = "documents"
urlpatterns = [path("<uuid:pk>/", views.download, name="download")]
