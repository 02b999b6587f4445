class TicketError(Exception):
    """A rule of the ticket domain was broken; the message is fit for an agent."""


class IllegalTransition(TicketError):
    """The ticket may not move from its present status to the one asked for."""


class StaleTicket(TicketError):
    """Somebody changed the ticket after the actor last looked; look again, then decide."""
