"""What agents choose for themselves: name, signature, language, mail about their tickets."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.frame import frame
from console.gate import agent_of, agents_only
from people.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("the browser's")), *settings.LANGUAGES],
    )

    class Meta:
        model = User
        fields = ("name", "signature", "language", "wants_mail")
        widgets = {"signature": forms.Textarea(attrs={"rows": 4, "class": "low"})}
        help_texts = {
            "signature": gettext_lazy(
                "Instead of the inbox's; {agent}, {team} and {company} are filled in."
            )
        }


@agents_only()
def profile(request: HttpRequest) -> HttpResponse:
    agent = User.objects.get(pk=agent_of(request).pk)
    form = ProfileForm(request.POST or None, instance=agent)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return _speaking(redirect("console:profile"), form.cleaned_data["language"])
    context = {**frame(request, "profile"), "form": form}
    return render(request, "console/profile.html", context, status=422 if form.errors else 200)


def _speaking(response: HttpResponse, language: str) -> HttpResponse:
    """In this language from the next page on."""
    if not language:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return response
