"""Collusion screens (围串标筛查): data in, findings out; no session, no clock, no Flask."""
