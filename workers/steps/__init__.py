"""Poll, read, ring, deliver, relay: rules joined to edges through the Protocols of `ports`."""
