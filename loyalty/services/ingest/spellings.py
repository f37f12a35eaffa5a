"""Words that people and other programs write for the same thing, put into the one that is stored."""

import json
import re
from collections.abc import Mapping

from django.db.models import Choices

from loyalty.services.ingest.cells import literal
from loyalty.services.ingest.kinds import Rewriting


def spelled(known: Mapping[str, str]) -> Rewriting:
    """Case, blanks and signs do not count: `product_viewed` is `Product Viewed`. Other words stay as written."""
    # An object of JSON is searched by halves; a CASE would be read from its beginning for every cell.
    words = literal(json.dumps({_bare(written): stored for written, stored in known.items()}))
    return lambda text: f"COALESCE({words}::jsonb ->> lower(regexp_replace({text}, '[^[:alnum:]]+', '', 'g')), {text})"


def choice_of(choices: type[Choices], more: Mapping[str, str] | None = None) -> Rewriting:
    """A value of a closed list, by its name, by what screens call it, or by another word for it."""
    own = {str(word): str(value) for value, label in choices.choices for word in (value, label)}
    return spelled({**own, **(more or {})})


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).lower()
