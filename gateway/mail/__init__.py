"""Mail identity shared by both directions: addresses, signed tokens, Message-IDs, what a machine wrote."""
