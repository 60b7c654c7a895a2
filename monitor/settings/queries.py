"""Queries, aliases and examples as the rules of topics see them, placed in their files."""
