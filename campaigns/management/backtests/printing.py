"""What the back-tests share: how they are called."""

from collections.abc import Callable
from typing import Any

Write = Callable[[str], object]
Backtest = Callable[[Write, int], dict[str, Any]]
