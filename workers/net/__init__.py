"""The only outgoing HTTP of feeds and pages."""
