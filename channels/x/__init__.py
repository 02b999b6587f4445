"""X: its tokens and calls, its events, and what leaves for it."""
