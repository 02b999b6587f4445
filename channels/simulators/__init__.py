"""One module per simulated provider. Dropping a module in here is all it takes to add one."""

from importlib import import_module
from pkgutil import iter_modules

for module in iter_modules(__path__, f"{__name__}."):
    import_module(module.name)
