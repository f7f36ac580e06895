"""A link to somebody's own page, made for a terminal that knows who stands there."""

from uuid import UUID

from pydantic import AwareDatetime

from config.contract.identifiers import Frozen, Slug


class TerminalLink(Frozen):
    """Somebody at a till wants their page. Attributes: till: of the site file."""

    holder_id: UUID
    till: Slug


class DinerLink(Frozen):
    """A link, said once: only a hash of it is kept. Attributes: code_svg: the same as a QR code."""

    link_id: str
    link: str
    code_svg: str
    expires_at: AwareDatetime
