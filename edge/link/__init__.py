"""What nodes of a site tell each other directly, so that central is not needed for it."""
