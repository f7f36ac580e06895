"""Who is where, and how many: the merging is shared with central, see ``contract.area_state``."""

from config.contract.area_state import Areas, SharedFact

__all__ = ["Areas", "SharedFact"]
