from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import access, examples
from api.base import Endpoint
from api.bearer import token_of
from api.bodies import ContactChangeBody, NewContactBody
from api.filters import ContactFilters
from api.idempotency import idempotent
from api.lists import Listed
from api.problems import Problem
from api.scopes import CONTACTS_READ, CONTACTS_WRITE
from api.shapes import ContactShape
from people.models import Contact
from people.operations import Address, find_identity, lock_contact


class Contacts(Listed):
    scopes = {"GET": (CONTACTS_READ,), "POST": (CONTACTS_WRITE,)}
    serializer_class = ContactShape
    filterset_class = ContactFilters
    orderings = {"created_at": ("id",), "-created_at": ("-id",)}

    def rows(self) -> Any:
        return access.contacts_of(token_of(self.request))

    @extend_schema(
        operation_id="list_contacts",
        summary="List contacts",
        description="The oldest first.",
        responses=ContactShape(many=True),
        examples=[examples.CONTACT],
    )
    def get(self, request: Request) -> Response:
        return self.list()

    @extend_schema(
        operation_id="create_contact",
        summary="Add a contact",
        description="409 when somebody has this address already.",
        request=NewContactBody,
        responses={201: ContactShape},
        examples=[examples.NEW_CONTACT, examples.CONTACT],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        asked = self.read(NewContactBody)
        address = Address.email(asked["email"], asked["name"])
        if known := find_identity(address):
            raise Problem("contact_exists", _("Its id is %(id)s.") % {"id": known.contact_id})
        contact = lock_contact(address)
        _set(contact, {"language": asked["language"]} if "language" in asked else {})
        location = f"{request.path.rstrip('/')}/{contact.pk}"
        return Response(ContactShape(contact).data, 201, headers={"Location": location})


class ContactDetail(Endpoint):
    scopes = {"GET": (CONTACTS_READ,), "PATCH": (CONTACTS_WRITE,)}
    serializer_class = ContactShape

    @extend_schema(
        operation_id="get_contact",
        description="With all its identities.",
        summary="Read a contact",
        examples=[examples.CONTACT],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(ContactShape(self._contact(request, pk)).data)

    @extend_schema(
        operation_id="change_contact",
        summary="Change a contact",
        description="Its name or language; identities are proved, not set.",
        request=ContactChangeBody,
        examples=[examples.CONTACT_CHANGE, examples.CONTACT],
    )
    @transaction.atomic
    def patch(self, request: Request, pk: int) -> Response:
        contact = self._contact(request, pk, lock=True)
        _set(contact, self.read(ContactChangeBody))
        return Response(ContactShape(contact).data)

    def _contact(self, request: Request, pk: int, *, lock: bool = False) -> Contact:
        contacts = access.contacts_of(token_of(request)).filter(pk=pk)
        found = (contacts.select_for_update() if lock else contacts).first()
        if found is None:
            raise Http404
        return found


def _set(contact: Contact, values: dict[str, str]) -> None:
    for name, value in values.items():
        setattr(contact, name, value)
    if values:
        contact.save(update_fields=sorted(values))
