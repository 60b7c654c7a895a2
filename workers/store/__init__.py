"""The only SQL: the truth."""
