"""Which version served when, and which one before."""

from django.db.models import Q

from recommender.models import ModelVersion, Promotion


def version_before(purpose: str) -> ModelVersion | None:
    """The version that going back would lead to: what was gone back from is passed over."""
    undone = 0
    for promotion in Promotion.objects.filter(version__purpose=purpose).select_related("from_version"):
        if promotion.is_roll_back:
            undone += 1
        elif undone:
            undone -= 1
        else:
            return promotion.from_version
    return None


def history_of(version: ModelVersion) -> list[Promotion]:
    """Every time this version began to serve or gave way, the newest first; one query."""
    found = Promotion.objects.filter(Q(version=version) | Q(from_version=version))
    return list(found.select_related("version", "from_version", "by"))
