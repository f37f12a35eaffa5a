"""What a customer may like: mathematics on arrays, no Django."""
