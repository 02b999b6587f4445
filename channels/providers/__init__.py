"""Mail that a provider hands over by webhook: proved first, stored as it came, read later.

django-anymail knows how each provider proves a call; what it leaves open is closed in
``proof`` and ``sns``. Mails are taken out of the stored calls by ``mails``: where the
provider gives the raw mail its bytes are kept, and else a mail is written from its fields.
Anymail would parse and rewrite both, which changes signed bytes and binary files.
"""
