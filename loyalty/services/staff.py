"""The roles of product.md as groups of permissions. The upper apps are named as strings: loyalty does not know them."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import QuerySet

MARKETER = "Marketer"
CAMPAIGN_MANAGER = "Campaign manager"

APPS = ("loyalty", "segments", "recommender", "campaigns")
MAKES = (
    "campaigns.add_audience",
    "campaigns.add_campaign",
    "campaigns.add_incentiveplan",
    "campaigns.add_offer",
    "campaigns.add_offerround",
    "campaigns.add_offerproduct",
    "campaigns.add_scenario",
    "campaigns.add_simulation",
    "campaigns.add_trial",
    "campaigns.change_campaign",
    "campaigns.change_offer",
    "loyalty.add_flagdecision",
    "loyalty.add_ingestrun",
    "loyalty.add_job",
    "loyalty.change_job",
    "recommender.add_relationruling",
    "segments.add_segment",
    "segments.change_segment",
)
GUARDS = (
    "campaigns.add_demographicsdecision",
    "campaigns.approve_campaign",
    "campaigns.change_offerassignment",
    "campaigns.change_offerproduct",
    "campaigns.delete_offerproduct",
    "loyalty.add_consent",
    "loyalty.add_importsource",
    "loyalty.change_customer",
    "loyalty.change_importsource",
    "loyalty.change_product",
    "loyalty.merge_customer",
    "loyalty.delete_importsource",
    "recommender.add_productruling",
    "recommender.change_modelversion",
)


class PermissionMissing(Exception):
    """A role names a permission that no table has; the tables have to be made first."""


@transaction.atomic
def ensure_groups() -> list[Group]:
    """Make the groups, or bring their permissions up to date."""
    reads = set(Permission.objects.filter(content_type__app_label__in=APPS, codename__startswith="view_"))
    makes, guards = _named(MAKES), _named(GUARDS)
    return [
        _ensure(MARKETER, reads | makes),
        _ensure(CAMPAIGN_MANAGER, reads | makes | guards),
    ]


def _ensure(name: str, permissions: set[Permission]) -> Group:
    group, _ = Group.objects.get_or_create(name=name)
    group.permissions.set(permissions)
    return group


def _named(names: tuple[str, ...]) -> set[Permission]:
    found = {f"{row.content_type.app_label}.{row.codename}": row for row in _all()}
    missing = [name for name in names if name not in found]
    if missing:
        raise PermissionMissing(f"There is no permission {', '.join(missing)}. Run the migrations first.")
    return {found[name] for name in names}


def _all() -> QuerySet[Permission]:
    return Permission.objects.filter(content_type__app_label__in=APPS).select_related("content_type")
