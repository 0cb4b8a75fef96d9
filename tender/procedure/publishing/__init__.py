"""Publishing a tender, what may follow, and tendering again."""
