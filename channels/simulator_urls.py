from __future__ import annotations

from django.urls import path

from channels import simulated

app_name = "simulators"
urlpatterns = [path("at/<str:host>/<path:path>", simulated.provider, name="provider")]
