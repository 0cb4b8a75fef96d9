"""Projects, tenders, lots, kinds as data and the legal timeline."""
