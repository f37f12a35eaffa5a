"""Read from what customers did what they think of products; recomputed at any time, replaced as a whole."""

from loyalty.services.ratings.deriving import derive_ratings, set_half_life

__all__ = ["derive_ratings", "set_half_life"]
