"""The mail door: SMTP and LMTP in. A mail is accepted only once it is committed as a Receipt."""
