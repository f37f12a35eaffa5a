import gc
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from django.core.wsgi import get_wsgi_application


class WithoutPandas:
    """scikit-learn, whose base class our recommenders have, loads pandas wherever it is installed, 30 MB a process."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError("A web process does without pandas.", name=name)


sys.meta_path.insert(0, WithoutPandas())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
application = get_wsgi_application()
# What is loaded by now stays: looking through all of it for garbage again and again would hold requests up.
gc.collect()
gc.freeze()
