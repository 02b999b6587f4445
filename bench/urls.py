"""The product's addresses, and a view that does nothing: what the server stack costs alone."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.clients import EMPTY
from support.urls import urlpatterns as ours


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path(EMPTY[1:], empty), *ours]
