"""Cryptography on bytes: sealed bids, custodians, proofs of the ledger, tools on plain files."""
