"""Weibo: the fan service's messages, and the comments and mentions around an account."""
