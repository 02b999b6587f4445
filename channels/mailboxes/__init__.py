"""Mailboxes: how we sign in to them, fetch from them, send by them, and how they fare."""
