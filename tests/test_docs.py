"""What the documents say is held against the code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from channels import quarantine
from channels.base import Adapter
from channels.mailboxes.setup import MailboxChanged
from channels.suspended import SuspensionDecided
from support.events import subscriptions

ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def test_every_event_and_its_handlers_are_documented() -> None:
    rows = re.findall(
        r"^\| `([\w.]+)` \|[^|]*\|([^|]*)\|$", (ROOT / "docs/events.md").read_text(), re.M
    )
    assert quarantine.QuarantineDecided.kind
    assert MailboxChanged.kind
    assert SuspensionDecided.kind
    told = {kind: sorted(re.findall(r"`([\w.]+)`", handlers)) for kind, handlers in rows}
    real = {kind: names for kind, names in subscriptions().items() if not kind.startswith("test.")}
    assert told == real


def test_every_setting_is_documented() -> None:
    source = (ROOT / "support" / "settings.py").read_text()
    names = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", source))
    names |= set(re.findall(r"_(?:secret|optional)\(\"([A-Z_]+)\"\)", source))
    missing = sorted(name for name in names if f"`{name}`" not in OPERATIONS)
    assert not missing


def test_every_rule_that_suppresses_a_mail_is_documented() -> None:
    source = "".join((ROOT / "channels" / n).read_text() for n in ("caps.py", "automatic.py"))
    rules = set(re.findall(r"return \"([a-z]+(?:-[a-z]+)+)\"", source))
    assert rules
    assert not sorted(rule for rule in rules if f"`{rule}`" not in OPERATIONS)


@pytest.mark.parametrize(
    "document", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=str
)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_adapter_explains_its_settings() -> None:
    for adapter in Adapter.registry.values():
        assert adapter.label
        for field in fields(adapter):
            assert field.metadata["help_text"]
