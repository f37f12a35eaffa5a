from typing import Any

from django.db.models import Model
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request


class ModelPermissions(DjangoModelPermissions):
    """Default deny: reading asks for the permission to view, too.

    A view with `action_permissions` names what an action needs beyond the rule of its model.
    """

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "OPTIONS": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: Any) -> bool:
        needed: list[str] = getattr(view, "action_permissions", {}).get(getattr(view, "action", None), [])
        return super().has_permission(request, view) and request.user.has_perms(needed)


def add_and_change(model: type[Model]) -> list[str]:
    """What an upsert needs: it may do either."""
    label, name = model._meta.app_label, model._meta.model_name
    return [f"{label}.add_{name}", f"{label}.change_{name}"]
