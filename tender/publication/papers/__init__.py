"""Signed documents: what they say, how they are set, sealed and ordered."""
