"""The durable front door: what is accepted here survives a power cut, and leaves only to a named place."""
