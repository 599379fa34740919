"""Settings: what the operator decides, read once at start, every fault named at once."""
