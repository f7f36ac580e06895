"""What the tests of the terminal's pages share."""

from playwright.sync_api import expect

# Two cores and many browsers: a page that is slow to start is not one that is wrong.
expect.set_options(timeout=15_000)
