"""What `up` says when everything answers: where to go, and how to sign in."""

import json
from collections.abc import Mapping
from pathlib import Path


def welcome(data: Path, env: Mapping[str, str]) -> str:
    url = env["HARBOUR_URL"].rstrip("/")
    lines = [
        ("Customers", f"{url}/"),
        ("Status by number", f"{url}/status/"),
        ("Console", f"{url}/console/"),
        *_sign_in(data, env),
        ("API", f"{url}/api/v1/docs/"),
        ("Mail in (SMTP)", f"{env.get('SMTP_HOST', '127.0.0.1')}:{env['SMTP_PORT']}"),
    ]
    if env.get("HARBOUR_DEMO") == "1":
        lines.append(("", "write to support@example.com"))
        lines.append(("Chat channels played", f"{url}/playground/"))
    if "CATCHER_PORT" in env:
        lines.append(("Mail out is caught", f"http://127.0.0.1:{env['CATCHER_PORT']}/"))
    else:
        lines.append(("Mail out", "goes to your EMAIL_URL"))
    body = "\n".join(f"  {name:<22}{text}" for name, text in lines)
    rule = "  " + "-" * 60
    return f"\n{rule}\n  Harbour is running.\n\n{body}\n\n  Ctrl-C stops everything.\n{rule}\n"


def _sign_in(data: Path, env: Mapping[str, str]) -> list[tuple[str, str]]:
    if env.get("HARBOUR_DEMO") != "1":
        return [("", "the first visit there makes the first account")]
    try:
        account = json.loads((data / "demo.json").read_text())
    except (OSError, ValueError):
        return []
    return [("", f"sign in as {account['email']}, password {account['password']}")]
