"""What customers allow, as last said at a moment. Nothing is ever forgotten, so every moment can be asked about."""

from collections.abc import Iterable
from datetime import datetime

from loyalty.models import Consent


def consents_as_of(customer_ids: Iterable[int], at: datetime) -> list[Consent]:
    """The last word of each customer on each purpose and channel, said before or at `at`."""
    said = Consent.objects.filter(customer__in=list(customer_ids), at__lte=at)
    return list(
        said.order_by("customer_id", "purpose", "channel", "-at", "-pk").distinct("customer_id", "purpose", "channel")
    )
