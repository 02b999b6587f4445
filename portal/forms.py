from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from support.language import supported
from tickets import reference
from tickets.models import Category

TEXT_LENGTH = 20_000
#: A form sent later than this was forgotten in a tab.
LONGEST_OPEN = timedelta(days=7)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each of limited size, not more than so many."""

    widget = FilesInput

    @property
    def most(self) -> int:
        return int(settings.HARBOUR_UPLOAD_COUNT)

    @property
    def largest(self) -> int:
        return int(settings.HARBOUR_UPLOAD_LIMIT)

    @property
    def too_many(self) -> str:
        told = ngettext("At most %(most)d file.", "At most %(most)d files.", self.most)
        return told % {"most": self.most}

    @property
    def limit(self) -> str:
        return f"{self.largest / 2**20:g} MB"

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        given: Sequence[Any] = data if isinstance(data, list | tuple) else [data]
        files = [file for file in given if file]
        if len(files) > self.most:
            raise forms.ValidationError(self.too_many)
        for file in files:
            if file.size > self.largest:
                told = {"name": file.name, "limit": self.limit}
                raise forms.ValidationError(_("%(name)s is larger than %(limit)s.") % told)
        return files


class OnceForm(forms.Form):
    """A form that is filed once, however often it is sent.

    There is no time trap: people paste and autofill, and a short answer takes a second.
    Limits and the empty field keep machines in bounds.
    """

    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    website = forms.CharField(  # a trap: people do not see it, and leave it empty
        label=_("Website"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].initial = new_token

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Please leave this field empty."))
        return ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        values["token"] = values.get("token") or new_token()
        try:
            _seal().unsign(values["token"], max_age=LONGEST_OPEN)
        except signing.BadSignature:
            again = cast(QueryDict, self.data).copy()
            again["token"] = new_token()
            self.data = again
            raise forms.ValidationError(
                _("This page was open for a long time. Please send it once more.")
            ) from None
        return values

    @property
    def external_id(self) -> str:
        """The same for the same words from the same page: whoever goes back and changes them
        has written another message."""
        said = [str(self.cleaned_data.get(name, "")) for name in ("subject", "text", "email")]
        words = hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]
        return f"form:{self.cleaned_data['token'].partition(':')[0]}:{words}"


def new_token() -> str:
    """Tells one showing of a form from another, and when it was shown."""
    return _seal().sign(str(uuid.uuid4()))


def _seal() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="harbour.form")


class RequestForm(OnceForm):
    """A new request."""

    category = forms.ModelChoiceField(
        Category.objects.filter(is_offered=True),
        label=_("What is it about?"),
        empty_label=_("Choose…"),
        required=False,
        to_field_name="slug",
    )
    subject = forms.CharField(label=_("In a few words"), max_length=200)
    text = forms.CharField(
        label=_("What happened?"), max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 7})
    )
    files = FilesField(label=_("Screenshots and files"), required=False)  # type: ignore[assignment]
    name = forms.CharField(label=_("Your name"), max_length=120, required=False)
    email = forms.EmailField(label=_("Email"), max_length=254)
    language = forms.ChoiceField(
        label=_("Answer me in"), choices=settings.LANGUAGES, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = supported(get_language() or "en")
        for name, hint in (("name", "name"), ("email", "email")):
            self.fields[name].widget.attrs["autocomplete"] = hint
        describe_errors(self)


class AddForm(OnceForm):
    """Something more for a ticket that exists."""

    text = forms.CharField(
        label=_("Add information"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    files = FilesField(label=_("Screenshots and files"), required=False)  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        describe_errors(self)


class NumberForm(forms.Form):
    number = forms.CharField(
        label=_("Request number"),
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "class": "reference",
                "inputmode": "numeric",
                "autocomplete": "off",
                "placeholder": "0000-0000-0000-0",
                "data-ok": _("This number is complete."),
                "data-bad": _("There is a typing error in this number."),
                "aria-describedby": "id_number-hint",
            }
        ),
    )

    def clean_number(self) -> str:
        number = reference.normalise(self.cleaned_data["number"])
        if number is None:
            raise forms.ValidationError(
                _("This is not a number of ours: 13 digits, please look for a typing error.")
            )
        return number


class ProofForm(forms.Form):
    email = forms.EmailField(
        label=_("The email address of the request"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def describe_errors(form: forms.Form) -> None:
    """Tie each field to its error text for screen readers."""
    if not form.is_bound:
        return
    for name in form.errors:
        if name in form.fields:
            attrs = {"aria-invalid": "true", "aria-describedby": f"id_{name}-error"}
            form.fields[name].widget.attrs.update(attrs)
