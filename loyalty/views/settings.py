import tomllib
from importlib.metadata import distribution

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from loyalty.forms import NewPasswordForm
from loyalty.queries.accounts import token_made_at
from loyalty.services.tokens import create_token, revoke_token

VERSION = tomllib.loads((configured.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
# What stands on this page because its licence asks for it, or because people ask.
BUILT_ON = [
    "Django",
    "djangorestframework",
    "celery",
    "scikit-learn",
    "gensim",
    "jax",
    "optax",
    "plotly",
    "numpy",
    "pyarrow",
]
SHIPPED = [
    ("Tabler", "1.6.1", "MIT"),
    ("Tabler Icons", "3.48.0", "MIT"),
    ("Inter", "5.3.0", "SIL Open Font License 1.1"),
    ("htmx", "2", "Zero-Clause BSD"),
]


@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    return _page(request, NewPasswordForm(request.user))


@require_POST
def password(request: HttpRequest) -> HttpResponse:
    form = NewPasswordForm(request.user, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    # Whoever changes the password stays logged in here and is logged out everywhere else.
    update_session_auth_hash(request, form.save())
    messages.success(request, "Your password is changed.")
    return redirect("settings")


@require_POST
def token(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if request.POST.get("action") == "revoke":
        revoke_token(user=user)
        messages.success(request, "The key is gone. Whatever used it can no longer get in.")
        return redirect("settings")
    return _page(request, NewPasswordForm(user), new_key=create_token(user=user))


def _page(request: HttpRequest, form: NewPasswordForm, status: int = 200, new_key: str = "") -> HttpResponse:
    context = {
        "form": form,
        "new_key": new_key,
        "token_made_at": token_made_at(request.user),  # type: ignore[arg-type]
        "time_zone": configured.TIME_ZONE,
        "currency": configured.DEFAULT_CURRENCY,
        "parts": _parts(),
        "version": VERSION,
    }
    return render(request, "loyalty/settings.html", context, status=status)


def _parts() -> list[tuple[str, str, str]]:
    """Name, version and licence of what the product is built on."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    libraries = [(name, distribution(name).version, _licence(name)) for name in BUILT_ON]
    return [("PostgreSQL", server, "PostgreSQL License"), *libraries, *SHIPPED]


def _licence(name: str) -> str:
    about = distribution(name).metadata
    classes = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    told = about.get("License-Expression") or about.get("License") or ", ".join(classes)
    return str(told).partition("\n")[0] or "See the package"
