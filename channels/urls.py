from __future__ import annotations

from django.urls import path

from channels import hooks

app_name = "hooks"
urlpatterns = [
    path("<uuid:account>/", hooks.receive, name="any"),
    path("<uuid:account>/<slug:provider>/", hooks.receive, name="mail"),
]
