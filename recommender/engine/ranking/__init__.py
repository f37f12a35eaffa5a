"""What the learned ranker looks at, and how it learns."""
