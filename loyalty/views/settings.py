"""One's own account, the key for other systems, and what this installation is."""

from django.conf import settings as installation
from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from loyalty.forms import NewPasswordForm
from loyalty.queries import parts
from loyalty.queries.accounts import token_made_at
from loyalty.services.tokens import create_token, revoke_token

NEW_KEY = "new_api_key"


@require_GET
@never_cache
def settings(request: HttpRequest) -> HttpResponse:
    context = {
        # Told once: whoever loads the page again does not see it any more.
        "new_key": request.session.pop(NEW_KEY, ""),
        "token_made_at": token_made_at(_person(request)),
        "time_zone": installation.TIME_ZONE,
        "currency": installation.DEFAULT_CURRENCY,
        "version": parts.own_version(),
        "database_version": parts.database_version(),
        "vendored": parts.vendored_parts(),
        "packages": parts.package_parts(),
    }
    return render(request, "loyalty/settings.html", context)


class PasswordChange(PasswordChangeView):
    template_name = "loyalty/password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("settings")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "Your password is changed. Wherever else you were logged in, you no longer are.")
        return response


@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    request.session[NEW_KEY] = create_token(user=_person(request))
    return redirect("settings")


@require_POST
def token_revoke(request: HttpRequest) -> HttpResponse:
    if revoke_token(user=_person(request)):
        messages.success(request, "The key is gone. Whatever used it can no longer get in.")
    else:
        messages.info(request, "You had no key.")
    return redirect("settings")


def _person(request: HttpRequest) -> User:
    # Nobody gets here without logging in.
    return request.user  # type: ignore[return-value]
