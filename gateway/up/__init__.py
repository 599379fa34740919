"""Everything on this machine: the embedded stores, the roles, and the order in which they start and stop."""
