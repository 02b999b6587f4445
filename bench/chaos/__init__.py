"""`bench chaos`: a thousand mails while everything that can die does, and the sums at the end.

Seeded and bounded. Workers and mail door are killed with -9 at named points of the path,
Postgres and Valkey are restarted and flushed, the customers' mail server refuses, defers and
hangs up after taking mail. Then the invariants of `bench/chaos/sums.py` are counted.
"""

from bench.chaos.run import add_arguments, run

__all__ = ["add_arguments", "run"]
