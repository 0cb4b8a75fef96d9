"""People, organisations, roles, permissions and sessions."""
