"""What the county sets itself: stricter rules, days off, and what of it binds a tender."""
