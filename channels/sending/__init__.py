"""Putting mail on its way: composing it, and handing it to a server or a provider."""
