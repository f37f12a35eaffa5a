"""One's own account, and what this installation is."""

from django.conf import settings as installation
from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_GET

from loyalty.forms import NewPasswordForm
from loyalty.queries import parts


@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    context = {
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
