"""Products that were never sold before: past launches, what was known when each began, and what came of it."""
