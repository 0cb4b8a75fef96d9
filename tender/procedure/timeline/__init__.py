"""Legal days, and a tender's dates computed from the law's rows."""
