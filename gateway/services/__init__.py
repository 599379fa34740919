"""Use cases, one verb each: a thin layer that loads rows, asks the domain, and writes rows in one transaction."""
