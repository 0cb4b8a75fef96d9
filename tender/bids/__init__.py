"""Sealed bids, uploads, receipts and withdrawals."""
