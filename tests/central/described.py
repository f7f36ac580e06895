"""The API's description, worked out once for all tests of a process; none of them changes it."""

import functools

from central.breaking import Json
from central.openapi import api_description


@functools.cache
def described() -> Json:
    """Return the description, which takes a second or two: when it is asked for, and once."""
    return api_description()
