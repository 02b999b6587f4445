"""Domain events: facts that one room states and any room above it may act on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from django.db import connection, transaction

from support.models import Event, OutboxEntry

E = TypeVar("E", bound="DomainEvent")
BatchHandler: TypeAlias = Callable[[Sequence[Any]], None]

_NEXT_IDS = "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)"
_kinds: dict[str, type[DomainEvent]] = {}
_handlers: defaultdict[str, dict[str, BatchHandler]] = defaultdict(dict)


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """A fact, named in the past tense. It carries ids, never model instances."""

    kind: ClassVar[str] = ""
    actor_id: int | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind:
            _kinds[cls.kind] = cls

    @property
    def topic(self) -> str:
        """What it is about, such as ``ticket:42``. Names a timeline and a stream."""
        raise NotImplementedError


#: An event, and who may hear of it live.
Fact: TypeAlias = tuple[DomainEvent, Sequence[str]]


def handles(*types: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Have the decorated function called once, after commit, for each such event."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        def one_by_one(events: Sequence[E]) -> None:
            for event in events:
                handler(event)

        _register(types, f"{handler.__module__}.{handler.__name__}", one_by_one)
        return handler

    return register


def handles_many(
    *types: type[E],
) -> Callable[[Callable[[Sequence[E]], None]], Callable[[Sequence[E]], None]]:
    """Like ``handles``, for a handler that is quicker with a batch of events at once.

    When a batch fails it is called again with each event alone, so that one bad event
    never holds up the others.
    """

    def register(handler: Callable[[Sequence[E]], None]) -> Callable[[Sequence[E]], None]:
        _register(types, f"{handler.__module__}.{handler.__name__}", handler)
        return handler

    return register


def _register(types: Iterable[type[DomainEvent]], name: str, handler: BatchHandler) -> None:
    for event_type in types:
        _handlers[event_type.kind][name] = handler


def publish(*events: DomainEvent, audience: Sequence[str] = ()) -> int:
    """Write down ``events``, and who must react to them, in the caller's transaction.

    ``audience`` names who may hear of them live, such as ``team:3``; ``all`` is every
    agent. Returns the id of the last one.
    """
    return publish_many([(event, audience) for event in events])


def publish_many(facts: Sequence[Fact], ids: Sequence[int] = ()) -> int:
    """Publish each event to an audience of its own; ``ids`` are drawn by ``next_ids``."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish() belongs inside the transaction that it reports on")
    records = Event.objects.bulk_create(
        Event(
            pk=ids[n] if ids else None,
            kind=event.kind,
            topic=event.topic,
            payload=asdict(event),
            actor_id=event.actor_id,
            audience=list(audience),
        )
        for n, (event, audience) in enumerate(facts)
    )
    owed = [
        OutboxEntry(event=record, handler=name)
        for record in records
        for name in _handlers[record.kind]
    ]
    if owed:
        OutboxEntry.objects.bulk_create(owed)
    return int(records[-1].pk)


def next_ids(count: int) -> list[int]:
    """Ids for events to be published, for rows that must name them before they are."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_IDS, [Event._meta.db_table, count])
        return [row[0] for row in cursor.fetchall()]


def revive(record: Event) -> DomainEvent:
    """The event as it was published."""
    return _kinds[record.kind](**record.payload)


def dispatch(handler: str, records: Sequence[Event]) -> None:
    """Call one handler with events of one kind."""
    _handlers[records[0].kind][handler]([revive(record) for record in records])


def subscriptions() -> dict[str, list[str]]:
    """Which handlers each kind of event has; ``docs/events.md`` is checked against it."""
    return {kind: sorted(_handlers[kind]) for kind in sorted(_kinds)}
