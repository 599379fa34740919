"""Telling people: what a mail says, when it is tried, and how it leaves the house."""
