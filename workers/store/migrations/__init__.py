"""How the schema came to be, a file a version, run by `workers.store.schema`."""
