"""Amendments of a published tender."""
