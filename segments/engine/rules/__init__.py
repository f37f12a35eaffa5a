"""Rules that say who belongs to a segment: a typed tree, read strictly, told in plain words."""
