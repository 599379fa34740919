"""What is kept of files after filing: raw mail and sounds, on this machine's disk or in a store shared by several."""
