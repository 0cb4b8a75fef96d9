"""Panel, scoring, collusion screens, award and contract."""
