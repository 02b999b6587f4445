"""What must be true before `up` says that Harbour is running."""

import contextlib
import hashlib
import http.client
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from support.keeper import die_with_parent
from support.launcher.surroundings import Environment
from support.launcher.voice import Refused


class Preparation:
    """`manage.py prepare`: one start of Django for check, migrate, translations and demo data.

    When the same code prepared the same database before, the web may start meanwhile: there is
    most likely nothing to do, and /readyz would say it if there were.
    """

    def __init__(self, root: Path, data: Path, env: Environment) -> None:
        self.command = [sys.executable, str(root / "manage.py"), "prepare"]
        self.env, self.stamp = env, data / "prepared"
        self.fingerprint = _fingerprint(root, env)
        self.process: subprocess.Popen[bytes] | None = None

    def was_done_before(self) -> bool:
        with contextlib.suppress(OSError):
            return self.stamp.read_text() == self.fingerprint
        return False

    def begin(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=self.env, start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )  # fmt: skip

    def unfinished(self) -> str:
        """Nothing once it is done; raises when it failed."""
        code = self.process.poll() if self.process else None
        if code is None:
            return "the database is still being prepared"
        if code:
            self.stamp.unlink(missing_ok=True)
            raise Refused("Preparing the database failed: the lines above say why.")
        self.stamp.write_text(self.fingerprint)
        return ""

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def _fingerprint(root: Path, env: Environment) -> str:
    digest = hashlib.sha256()
    for path in sorted([root / "requirements.lock", *root.glob("*/migrations/*.py")]):
        digest.update(path.name.encode() + path.read_bytes())
    digest.update(f"{env['DATABASE_URL']} {env['HARBOUR_DEMO']}".encode())
    return digest.hexdigest()


def no_page(env: Environment) -> str:
    """Why /readyz does not say 200 yet; nothing when it does."""
    door = http.client.HTTPConnection(_near(env["HARBOUR_BIND"]), int(env["PORT"]), timeout=5)
    try:
        door.request("GET", "/readyz", headers={"Host": urlsplit(env["HARBOUR_URL"]).netloc})
        answer = door.getresponse()
        if answer.status == http.client.OK:
            return ""
        return f"/readyz said {answer.status}: {answer.read(500).decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz: {error}"
    finally:
        door.close()


def no_mail_door(env: Environment) -> str:
    """Why nobody can hand in mail yet; nothing when they can."""
    try:
        address = (_near(env["SMTP_HOST"]), int(env["SMTP_PORT"]))
        socket.create_connection(address, timeout=5).close()
    except OSError as error:
        return f"mail door: {error}"
    return ""


def _near(bound: str) -> str:
    """An address of this machine on which a listener on `bound` can be reached."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound, bound)  # noqa: S104
