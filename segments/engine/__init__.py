"""Who the customers are: mathematics on arrays, no Django."""
