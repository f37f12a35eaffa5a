"""How products stand to each other, with the evidence."""
