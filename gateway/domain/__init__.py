"""Pure decisions over plain values: no database, no network, no clock of its own."""
