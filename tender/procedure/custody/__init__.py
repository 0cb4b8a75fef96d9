"""Custodians with their keys, opening records, and the ledger's public face."""
