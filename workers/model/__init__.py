"""Frozen types, one for each moment in the life of an entry, an article and an alert."""
