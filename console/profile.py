"""What agents choose for themselves: their name, their signature, and mail about their tickets."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.frame import frame
from console.gate import agent_of, agents_only
from people.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("name", "signature", "wants_mail")
        widgets = {"signature": forms.Textarea(attrs={"rows": 4, "class": "low"})}


@agents_only()
def profile(request: HttpRequest) -> HttpResponse:
    agent = User.objects.get(pk=agent_of(request).pk)
    form = ProfileForm(request.POST or None, instance=agent)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("console:profile")
    context = {**frame(request, "profile"), "form": form}
    return render(request, "console/profile.html", context, status=422 if form.errors else 200)
