"""Evaluation (评标): panel, scoring, collusion screens, award, contract."""
