"""What purchases and visits tell: mathematics on arrays, no Django."""
