"""A floor kept free for a room that comes later; see docs/architecture.md."""
