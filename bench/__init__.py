"""Benches: each prints its figure beside the limit that the same run measured."""
