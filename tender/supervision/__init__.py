"""Milestones, missed dates and cards for supervisors."""
