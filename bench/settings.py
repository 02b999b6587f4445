"""The product's settings, and one more view to compare with."""

from support.settings import *  # noqa: F403 - all of them, unchanged

ROOT_URLCONF = "bench.urls"
