"""Checking what strangers bring: a PDF or a receipt against the ledger."""
