from __future__ import annotations

from django.urls import path

from channels import downloads, hooks

app_name = "hooks"
urlpatterns = [
    path("files/<str:token>/<str:name>", downloads.give, name="file"),
    path("<uuid:account>/", hooks.receive, name="any"),
    path("<uuid:account>/<slug:provider>/", hooks.receive, name="mail"),
]
