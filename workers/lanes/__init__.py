"""The loops around the steps: concurrency, leases, heartbeats, drain."""
