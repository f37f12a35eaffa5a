"""The keys with which other systems speak for whoever is logged in."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.forms import KeyForm
from loyalty.models import ApiKey
from loyalty.queries.keys import keys_of
from loyalty.services.keys import create_key, revoke_key
from loyalty.services.scopes import in_words


@require_http_methods(["GET", "POST"])
@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    at = timezone.now()
    _, told = create_key(user=_person(request), at=at, **form.asked(at=at))
    # Told in this very answer and kept nowhere: not in the session, not in the log.
    return _page(request, KeyForm(), new_key=told)


@require_POST
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, user=_person(request))
    if revoke_key(key=key, at=timezone.now()):
        messages.success(request, f"The key “{key.name}” is gone. Whatever used it can no longer get in.")
    else:
        messages.info(request, f"The key “{key.name}” was gone already.")
    return redirect("keys")


def _page(request: HttpRequest, form: KeyForm, new_key: str = "") -> HttpResponse:
    at = timezone.now()
    listed = [{"key": key, "works": key.works(at), "may": in_words(key.scopes)} for key in keys_of(_person(request))]
    return render(request, "loyalty/keys.html", {"keys": listed, "form": form, "new_key": new_key, "now": at})


def _person(request: HttpRequest) -> User:
    # Nobody gets here without logging in.
    return request.user  # type: ignore[return-value]
