"""What becomes of the outcomes: a table, JSON, and a page to look at."""
