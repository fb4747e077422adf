"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from upstream.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("privacy/", views.privacy, name="privacy"),
    path("cookies/", views.cookies, name="cookies"),
    path("account/", views.account, name="account"),
    path("account/details/", views.details, name="account_details"),
    path("account/logout/", views.sign_out, name="account_logout"),
    path("account/", include("allauth.account.urls")),
    path("account/security/", include("allauth.mfa.urls")),
    path("councils/", include("cohort.urls")),
    path("documents/", include("upstream.documents.urls")),
    path("admin/", admin.site.urls),
    path("", include("applications.urls")),
]
if settings.DEMO:
    urlpatterns += [path("demo/", include("upstream.home.demo"))]
