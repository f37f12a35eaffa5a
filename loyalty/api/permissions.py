from typing import Any

from django.db.models import Model
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions
from rest_framework.request import Request

from loyalty.models import ApiKey
from loyalty.services.scopes import READ, WRITE


class ModelPermissions(DjangoModelPermissions):
    """Default deny: reading asks for the permission to view, too.

    A view with `action_permissions` names what an action needs beyond the rule of its model. A key needs the scope of
    the view as well; a view that names none is closed to keys.
    """

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "OPTIONS": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: Any) -> bool:
        needed: list[str] = getattr(view, "action_permissions", {}).get(getattr(view, "action", None), [])
        if not (super().has_permission(request, view) and request.user.has_perms(needed)):
            return False
        _check_scope(request, getattr(view, "noun", ""))
        return True


def _check_scope(request: Request, noun: str) -> None:
    scope = f"{noun}:{READ if request.method in SAFE_METHODS else WRITE}"
    if isinstance(request.auth, ApiKey) and not request.auth.allows(scope):
        raise PermissionDenied(f"This key may not do this: it lacks the scope {scope}. Make a key that has it.")


def add_and_change(*models: type[Model]) -> list[str]:
    """What an upsert needs: it may do either."""
    return [
        f"{model._meta.app_label}.{verb}_{model._meta.model_name}" for model in models for verb in ("add", "change")
    ]
