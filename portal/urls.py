from __future__ import annotations

from django.urls import path

from portal import conversation, pages, playground, requests, status

app_name = "portal"
urlpatterns = [
    path("", requests.start, name="start"),
    path("received/<str:number>/", requests.received, name="received"),
    path("status/", status.look_up, name="look_up"),
    path("status/forget/", status.forget, name="forget"),
    path("status/open/<str:token>/", status.open_link, name="open_link"),
    path("status/r/<str:token>/", status.open_status_link, name="open_status_link"),
    path("status/<str:number>/", status.status, name="status"),
    path("status/<str:number>/ask/", status.ask, name="ask"),
    path("status/<str:number>/code/", status.code, name="code"),
    path("status/<str:number>/conversation/", conversation.conversation, name="conversation"),
    path("status/<str:number>/state/", conversation.set_state, name="set_state"),
    path("status/<str:number>/files/<uuid:public_id>/", conversation.file, name="file"),
    path("playground/", playground.rooms, name="playground"),
    path("playground/<slug:kind>/", playground.room, name="playground_room"),
    path("language/", pages.language, name="language"),
    path("robots.txt", pages.robots, name="robots"),
    path("favicon.ico", pages.favicon, name="favicon"),
]
