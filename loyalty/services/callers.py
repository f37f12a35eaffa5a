"""A call that is let in and counted by the same question that asks for what it wants: see `queries.callers`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from loyalty.models.keys import ALL
from loyalty.services.budgets import SPAN_SECONDS, Budget, narrowest
from loyalty.services.keys import key_parts
from loyalty.services.scopes import READ


@dataclass(frozen=True)
class Caller:
    """Who reads with the key `told` what `noun` names, for which a person needs `app_label`.`codename`."""

    told: str
    noun: str
    app_label: str
    codename: str

    def values(self, at: datetime) -> dict[str, Any]:
        """What the parts of the statement want to know."""
        prefix, secret_sha256 = key_parts(self.told)
        return {
            "prefix": prefix,
            "secret_sha256": secret_sha256,
            "at": at,
            "scopes": [f"{self.noun}:{READ}", f"{ALL}:{READ}"],
            "app_label": self.app_label,
            "codename": self.codename,
            "right": f" {READ}",
            "step": timedelta(seconds=SPAN_SECONDS / self._limit),
            "step_of_all": timedelta(seconds=SPAN_SECONDS / self._limit_of_all),
            "span": timedelta(seconds=SPAN_SECONDS),
        }

    def budget(self, ahead: float, ahead_of_all: float) -> Budget:
        """What is left after the call, of the bucket that is nearer to its end."""
        own = Budget(READ, self._limit, ahead, is_granted=True)
        return narrowest(own, Budget(READ, self._limit_of_all, ahead_of_all, is_granted=True))

    @property
    def _limit(self) -> int:
        return settings.API_CALLS_PER_MINUTE[READ]

    @property
    def _limit_of_all(self) -> int:
        return self._limit * settings.API_KEYS_AT_FULL_SPEED
