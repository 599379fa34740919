"""Calls come in. Nothing is served here yet; the `call` lane of the spool is where its events will wait."""
