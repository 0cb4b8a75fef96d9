"""Notices, signed documents, OCDS releases and the public portal."""
