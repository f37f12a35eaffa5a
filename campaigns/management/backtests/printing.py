"""What the back-tests share: how they are called."""

from collections.abc import Callable
from typing import Any

Write = Callable[[str], object]
# Called with a `Write` and a seed; some take more, by name.
Backtest = Callable[..., dict[str, Any]]
