from __future__ import annotations

from django.urls import path

from console import actions, content, desk, mailboxes, quarantine, settings_pages, setup

app_name = "console"
urlpatterns = [
    path("", desk.queue, name="home"),
    path("setup/", setup.setup, name="setup"),
    path("views/<slug:slug>/", desk.queue, name="view"),
    path("rows/<int:ticket_id>/", desk.row, name="row"),
    path("tickets/<str:number>/", desk.ticket, name="ticket"),
    path("tickets/<str:number>/live/", desk.live, name="live"),
    path("tickets/<str:number>/here/", desk.here, name="here"),
    path("tickets/<str:number>/<slug:action>/", actions.act, name="act"),
    path("attachments/<uuid:public_id>/", content.attachment, name="attachment"),
    path("messages/<int:pk>/frame/", content.frame, name="frame"),
    path("messages/<int:pk>/original/", content.original, name="original"),
    path("settings/inboxes/", settings_pages.inboxes, name="inboxes"),
    path("settings/inboxes/<int:pk>/", settings_pages.inboxes, name="inbox"),
    path("settings/mailboxes/", mailboxes.mailboxes, name="mailboxes"),
    path("settings/mailboxes/connect/", mailboxes.connect, name="mailbox_connect"),
    path("settings/mailboxes/signed-in/", mailboxes.signed_in, name="mailbox_signed_in"),
    path("settings/mailboxes/<int:pk>/", mailboxes.mailbox, name="mailbox"),
    path("settings/mailboxes/<int:pk>/test/", mailboxes.test, name="mailbox_test"),
    path("settings/mailboxes/<int:pk>/mode/", mailboxes.mode, name="mailbox_mode"),
    path("settings/mailboxes/<int:pk>/switch/", mailboxes.switch, name="mailbox_switch"),
    path("settings/mailboxes/<int:pk>/sign-in/", mailboxes.sign_in, name="mailbox_sign_in"),
    path("settings/templates/", settings_pages.templates, name="templates"),
    path(
        "settings/templates/<slug:kind>/<slug:language>/",
        settings_pages.template,
        name="template",
    ),
    path("mails/", settings_pages.automatic_mails, name="mails"),
    path("follow-ups/", settings_pages.follow_ups, name="follow_ups"),
    path("quarantine/", quarantine.listing, name="quarantine"),
    path("quarantine/<slug:item_id>/", quarantine.one, name="quarantined"),
    path("quarantine/<slug:item_id>/raw/", quarantine.raw, name="quarantine_raw"),
    path("quarantine/<slug:item_id>/<slug:verdict>/", quarantine.decide, name="decide"),
]
