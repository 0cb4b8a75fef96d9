"""Drafts of a tender: starting points, forms, versions, attachments, review."""
