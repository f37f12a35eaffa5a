"""How to speak of an effect."""


def points(value: float, *, is_binary: bool, sign: bool = False) -> str:
    """A difference: percentage points of something that happened, else the number itself."""
    plus = "+" if sign and value > 0 else ""
    return f"{plus}{value * 100:.1f} points" if is_binary else f"{plus}{value:,.3g}"
