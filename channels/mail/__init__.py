"""The parts of mail understanding: pure functions over bytes and text, no Django, no network."""
