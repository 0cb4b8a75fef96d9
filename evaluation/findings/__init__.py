"""Findings of the screens on the platform: fed, kept, put before people, decided."""
