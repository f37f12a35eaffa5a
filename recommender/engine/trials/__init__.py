"""What is put to the test: each trial takes a shop and estimators, and yields the rows of its table."""
