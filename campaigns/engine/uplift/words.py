"""How to speak of an effect."""


def points(value: float, *, is_binary: bool, sign: bool = False) -> str:
    """A difference: percentage points of something that happened, else the number itself."""
    plus = "+" if sign and value > 0 else ""
    return f"{plus}{value * 100:.1f} points" if is_binary else f"{plus}{value:,.3g}"


def points_between(low: float, high: float, *, is_binary: bool) -> str:
    """An interval of differences beside one that has told the unit."""
    return f"{low * 100:+.1f} to {high * 100:+.1f}" if is_binary else f"{low:+,.3g} to {high:+,.3g}"
