"""People look: sign-in, status pages and health, server-rendered by Flask."""
