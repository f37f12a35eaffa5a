"""What purchases and visits tell, and features of customers: mathematics on arrays, no Django."""
