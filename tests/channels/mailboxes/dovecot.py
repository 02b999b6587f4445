"""A real Dovecot on loopback, that runs without root's rights and keeps everything in one folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

PASSWORD = "a-secret-of-tests"
PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_numbers = count(1)
_CONF = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {me}
default_internal_group = {group}
default_login_user = {me}
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
auth_failure_delay = 0
mail_location = maildir:{root}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = {uid}
mailbox_idle_check_interval = 1 secs
mail_max_userip_connections = 50
maildir_very_dirty_syncs = no
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """Mailboxes are made by using them; every user has the one password."""

    root: Path
    user: str = "support@example.com"
    port: int = 0
    tls_port: int = 0
    process: subprocess.Popen[bytes] | None = None
    uid: int = field(default_factory=lambda: 65534 if os.geteuid() == 0 else os.geteuid())
    gid: int = field(default_factory=lambda: 65534 if os.geteuid() == 0 else os.getegid())

    def start(self) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self._certificate()
        names = subprocess.run(
            ["sh", "-c", f"id -un {self.uid}; getent group {self.gid} | cut -d: -f1"],
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        conf = _CONF.format(
            root=self.root, me=names[0], group=names[1], uid=self.uid, gid=self.gid,
            port=self.port, tls_port=self.tls_port, password=PASSWORD,
        )  # fmt: skip
        (self.root / "dovecot.conf").write_text(conf)
        self._make(self.root / "mail")
        for path in [self.root, *self.root.iterdir()]:
            self._give(path)
        assert PROGRAM
        self.process = subprocess.Popen(
            [PROGRAM, "-F", "-c", self.root / "dovecot.conf"],
            user=self.uid, group=self.gid, extra_groups=[],
            stderr=(self.root / "stderr").open("wb"),
        ) if os.geteuid() == 0 else subprocess.Popen(
            [PROGRAM, "-F", "-c", self.root / "dovecot.conf"],
            stderr=(self.root / "stderr").open("wb"),
        )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def told(self) -> str:
        """What it wrote down, for a test that fails."""
        logs = [self.root / "stderr", self.root / "dovecot.log"]
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in logs if log.exists())

    def drop(self, *mails: bytes, folder: str = "", age: timedelta = timedelta()) -> None:
        """Deliver as any Maildir delivery agent does: written beside, and renamed into place."""
        inbox, at = self.maildir(folder), time.time() - age.total_seconds()
        for mail in mails:
            name = f"{time.time():.6f}.{next(_numbers)}.test"
            (inbox / "tmp" / name).write_bytes(mail.replace(b"\r\n", b"\n"))
            os.chmod(inbox / "tmp" / name, 0o644)
            self._give(inbox / "tmp" / name)
            os.utime(inbox / "tmp" / name, (at, at))
            os.rename(inbox / "tmp" / name, inbox / "new" / name)

    def maildir(self, folder: str = "") -> Path:
        home = self.root / "mail" / self.user
        inbox = home / f".{folder}" if folder else home
        for path in (home, inbox, *(inbox / part for part in ("tmp", "new", "cur"))):
            self._make(path)
        return inbox

    def files(self, folder: str = "") -> list[Path]:
        box = self.maildir(folder)
        return [file for part in ("new", "cur") for file in (box / part).iterdir()]

    def number_anew(self) -> None:
        """As after a server was restored or moved: another UIDVALIDITY, and UIDs from 1 on."""
        home = self.maildir()
        for file in home.glob("dovecot*"):
            file.unlink(missing_ok=True)  # its own lock files may be going
        validity = int(time.time()) + 1000 * next(_numbers)
        (home / "dovecot-uidlist").write_text(f"3 V{validity} N1 G{os.urandom(16).hex()}\n")
        self._give(home / "dovecot-uidlist")

    def _make(self, folder: Path) -> None:
        if not folder.exists():
            folder.mkdir()
            self._give(folder)

    def _give(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)

    def _certificate(self) -> None:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", self.root / "key.pem", "-out", self.root / "cert.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        os.chmod(self.root / "key.pem", 0o600)

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 2) as line:
                    if line.recv(4) == b"* OK":
                        return
            except OSError:
                pass
            assert time.monotonic() < end, self.told()
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
