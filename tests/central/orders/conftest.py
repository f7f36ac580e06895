"""Chromium for the diner's page."""

from tests.browser import chromium, visitors

__all__ = ["chromium", "visitors"]
