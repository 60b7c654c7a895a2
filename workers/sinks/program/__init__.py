"""Alerts as the standard input of a program of the operator's."""
