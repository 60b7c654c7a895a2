"""Alerts as lines that a person reads."""
