"""Rules as questions to the database."""
