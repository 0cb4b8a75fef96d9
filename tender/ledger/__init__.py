"""Append-only Merkle log of every act (存证账本)."""
