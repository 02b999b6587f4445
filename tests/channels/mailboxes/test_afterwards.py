"""What becomes of a mail on the server once it is stored."""

from __future__ import annotations

import pytest

from channels.mailboxes.folder import Folder
from channels.models import Account, Receipt
from tests.channels.mailboxes.boxes import change, look, mails, open_folder
from tests.channels.mailboxes.dovecot import Dovecot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


def unseen(dovecot: Dovecot) -> int:
    """Maildir writes S into the name of a mail that was seen."""
    return sum("S" not in file.name.rpartition(",")[2] for file in dovecot.files())


def test_by_default_nothing_is_touched_not_even_the_mark_of_seen(
    dovecot: Dovecot, account: Account
) -> None:
    look(account)
    dovecot.drop(*mails(3))
    look(account)
    assert unseen(dovecot) == len(dovecot.files()) == 3


def test_stored_mails_are_marked_seen_and_older_ones_not(
    dovecot: Dovecot, account: Account
) -> None:
    change(account, after_fetch="seen")
    dovecot.drop(*mails(2))
    look(account)
    dovecot.drop(*mails(3, first=2))
    look(account)
    assert (unseen(dovecot), len(dovecot.files())) == (2, 5)


def test_stored_mails_are_moved_to_a_folder_that_is_made(
    dovecot: Dovecot, account: Account
) -> None:
    change(account, after_fetch="move", move_to="Done 完成")
    look(account)
    dovecot.drop(*mails(60))
    state = look(account)
    assert state.error == ""
    assert dovecot.files() == []
    assert Receipt.objects.count() == 60
    folder = open_folder(account)
    assert "Done 完成" in [name for _, _, name in folder._client.list_folders()]
    assert folder._client.select_folder("Done 完成")[b"EXISTS"] == 60


def test_a_server_without_move_gets_a_copy_and_a_deletion(
    dovecot: Dovecot, account: Account
) -> None:
    look(account)
    dovecot.drop(*mails(2))
    folder = open_folder(account)
    uids = folder.uids(1)
    folder._client._cached_capabilities = (b"IMAP4REV1", b"UIDPLUS")
    folder.move(uids, "Done")
    assert dovecot.files() == []
    assert len(dovecot.files("Done")) == 2


def test_deleting_takes_only_the_mails_that_are_stored(dovecot: Dovecot, account: Account) -> None:
    change(account, after_fetch="delete")
    dovecot.drop(*mails(2))
    look(account)
    mine = open_folder(account)
    mine._client.add_flags(mine.uids(1, 1), [rb"\Deleted"])  # a person's own, not yet expunged
    dovecot.drop(*mails(3, first=2))
    look(account)
    assert len(dovecot.files()) == 2


def test_a_mailbox_that_is_only_watched_is_left_as_it_is(
    dovecot: Dovecot, account: Account
) -> None:
    change(account, after_fetch="delete")
    Account.objects.update(mode=Account.Mode.WATCH)
    account.refresh_from_db()
    look(account)
    dovecot.drop(*mails(3))
    look(account)
    assert Receipt.objects.count() == unseen(dovecot) == 3


def test_marks_that_were_lost_are_made_up_for(
    dovecot: Dovecot, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(account, after_fetch="move", move_to="Done")
    dovecot.drop(*mails(2))  # these were there before us
    look(account)
    dovecot.drop(*mails(5, first=2))
    with monkeypatch.context() as broken:
        broken.setattr(Folder, "move", lambda *_: (_ for _ in ()).throw(ConnectionError("cut")))
        with pytest.raises(ConnectionError):
            look(account)
    assert Receipt.objects.count() == 5
    assert len(dovecot.files()) == 7
    look(account)
    assert Receipt.objects.count() == 5
    assert len(dovecot.files()) == 2


@pytest.mark.parametrize("target", ["", "inbox"])
def test_a_folder_to_move_to_that_is_none_is_told_and_stops_nothing(
    dovecot: Dovecot, account: Account, target: str
) -> None:
    change(account, after_fetch="move", move_to=target)
    look(account)
    dovecot.drop(*mails(2))
    look(account)
    look(account)
    assert Receipt.objects.count() == len(dovecot.files()) == 2
    account.fetch_state.refresh_from_db()
    assert "not said where" in account.fetch_state.error
    assert account.fetch_state.failures == 0


def test_a_folder_the_server_does_not_allow_is_told(dovecot: Dovecot, account: Account) -> None:
    change(account, after_fetch="move", move_to="a//b")
    look(account)
    dovecot.drop(*mails(2))
    look(account)
    account.fetch_state.refresh_from_db()
    assert "declined" in account.fetch_state.error
    change(account, after_fetch="move", move_to="Done")
    look(account)
    account.fetch_state.refresh_from_db()
    assert (account.fetch_state.error, dovecot.files()) == ("", [])
