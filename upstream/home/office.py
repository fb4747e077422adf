"""The office: Django's admin as staff see it."""

from django.contrib.admin import AdminSite


class OfficeSite(AdminSite):
    """The programme office at /admin/."""

    site_header = "Programme office"
    site_title = "Upstream office"
    index_title = "Today"
