"""The keys with which other systems speak for a person."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model, Q

from loyalty.models import ApiKey
from loyalty.services.scopes import scopes

MARK = "rk"
PREFIX_BYTES, SECRET_BYTES = 6, 32
USE_TOLD_EVERY = timedelta(minutes=1)
# Compared with when there is no such key, so that asking takes as long as when there is one.
NOBODY = hashlib.sha256(b"nobody").hexdigest()


def _names(model: type[Model]) -> list[str]:
    return [str(field.attname) for field in model._meta.concrete_fields]


def _columns(model: type[Model], table: str) -> str:
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


# What the person may do comes along: Django would ask for it in two more questions, the dearest of a call.
STORED = f"""
SELECT {_columns(ApiKey, "k")}, {_columns(User, "u")}, ARRAY(
    SELECT t.app_label || '.' || p.codename FROM auth_permission p
    JOIN django_content_type t ON t.id = p.content_type_id
    WHERE p.id IN (
        SELECT permission_id FROM auth_user_user_permissions WHERE user_id = u.id
        UNION ALL
        SELECT of_group.permission_id FROM auth_user_groups g
        JOIN auth_group_permissions of_group ON of_group.group_id = g.group_id WHERE g.user_id = u.id
    )
)
FROM loyalty_apikey k JOIN auth_user u ON u.id = k.user_id
WHERE k.prefix = %s
"""  # noqa: S608 - our own columns


class KeyRefused(Exception):
    """The key cannot be made as asked."""


def create_key(
    *, user: User, name: str, scope_names: Sequence[str], at: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is told this one time and not kept."""
    unknown = sorted(set(scope_names) - {scope.name for scope in scopes()})
    if unknown or not scope_names:
        raise KeyRefused(f"There is no scope {unknown[0]}." if unknown else "Choose what the key may do.")
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        secret_sha256=_hashed(secret),
        scopes=list(dict.fromkeys(scope_names)),
        created_at=at,
        expires_at=expires_at,
    )
    return key, f"{MARK}_{prefix}_{secret}"


def revoke_key(*, key: ApiKey, at: datetime) -> bool:
    """The key stops working at once. False when it had already."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at))


def key_for(*, told: str, at: datetime) -> ApiKey | None:
    """The key that works with this text, its use noted; None for any other text."""
    prefix, secret_sha256 = key_parts(told)
    found = _stored(prefix) if prefix else None
    is_right = hmac.compare_digest(found.secret_sha256 if found else NOBODY, secret_sha256)
    if found is None or not is_right or not found.works(at) or not found.user.is_active:
        return None
    note_use(key_id=found.pk, last_used_at=found.last_used_at, at=at)
    return found


def key_parts(told: str) -> tuple[str, str]:
    """How a key is found, and what its secret must hash to; no prefix for what cannot be a key."""
    mark, _, rest = told.partition("_")
    prefix, _, secret = rest.partition("_")
    return prefix if mark == MARK else "", _hashed(secret)


def _stored(prefix: str) -> ApiKey | None:
    """The key and its person in one question, put together once and not with every call: each of them asks it."""
    with connection.cursor() as cursor:
        cursor.execute(STORED, [prefix])
        row = cursor.fetchone()
    if row is None:
        return None
    *stored, permissions = row
    key = ApiKey.from_db(connection.alias, _names(ApiKey), stored[: len(_names(ApiKey))])
    key.user = User.from_db(connection.alias, _names(User), stored[len(_names(ApiKey)) :])
    if not key.user.is_superuser:
        # Where Django's own backend remembers its answer for the length of a request.
        key.user._perm_cache = set(permissions)  # type: ignore[attr-defined]
    return key


def note_use(*, key_id: int, last_used_at: datetime | None, at: datetime) -> None:
    """Once a minute is enough for people, and a call that only reads should seldom write."""
    if last_used_at is None or last_used_at <= at - USE_TOLD_EVERY:
        before = Q(last_used_at=None) | Q(last_used_at__lte=at - USE_TOLD_EVERY)
        ApiKey.objects.filter(before, pk=key_id).update(last_used_at=at)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
