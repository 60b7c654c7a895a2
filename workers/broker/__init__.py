"""The only Redis: streams, leases, the due-queue."""
