"""The public pages, feeds and open data, made from what was published."""
