"""A finished randomised campaign: from a file to what can be read out of it."""
