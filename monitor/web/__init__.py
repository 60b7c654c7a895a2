"""The daemon's HTTP side: health and metrics for all, control over a socket of its own."""
