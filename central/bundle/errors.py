"""What goes wrong with bundles."""


class BundleError(Exception):
    """A bundle cannot be made, or must not be used; the message says why in one line."""
