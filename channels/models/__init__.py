from channels.models.account import Account, Alias, Breaker, FetchState
from channels.models.delivery import AutomaticMail, Delivery, Template
from channels.models.occurrence import Occurrence
from channels.models.receipt import BlockedSender, Receipt

__all__ = [
    "Account",
    "Alias",
    "AutomaticMail",
    "BlockedSender",
    "Breaker",
    "Delivery",
    "FetchState",
    "Occurrence",
    "Receipt",
    "Template",
]
