"""Alerts as signed HTTP POSTs (Standard Webhooks)."""
