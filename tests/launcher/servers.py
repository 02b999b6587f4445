"""A process that uses private servers: prints the row count and a counter, then waits.

python tests/launcher/servers.py DATA [SECONDS]
"""

import importlib.util
import sys
import time
import types
from pathlib import Path

import psycopg2
import redis

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    package = types.ModuleType("support")  # support/__init__.py would load Celery
    package.__path__ = [str(ROOT / "support")]
    sys.modules["support"] = package
    local = importlib.import_module("support.local")
    database, broker = local.ensure(Path(sys.argv[1]))
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(1)")
        cursor.execute("create table if not exists visit (id serial)")
        cursor.execute("insert into visit default values")
        cursor.execute("select count(*) from visit")
        (rows,) = cursor.fetchone()
    print(rows, redis.Redis.from_url(broker).incr("visits"), flush=True)
    time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 0)


if __name__ == "__main__":
    main()
