"""People look: sign-in, the status pages, the reply box, and what says that we live. Imports `gateway` only."""
