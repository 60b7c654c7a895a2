"""Sinks: one folder for each kind of receiver."""
