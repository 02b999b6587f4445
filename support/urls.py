"""One include() per room. Rooms are named as strings: this floor imports none of them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from support import web

handler500 = "portal.pages.server_error"
urlpatterns = [
    path("healthz", web.healthz, name="healthz"),
    path("readyz", web.readyz, name="readyz"),
    path("metrics", include("channels.metrics_urls")),
    path("hooks/", include("channels.urls")),
    path("simulators/", include("channels.simulator_urls")),
    path("api/", include("api.urls")),
    path("console/", include("console.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("portal.urls")),
]
