"""What is said about who is inside."""

from pydantic import AwareDatetime, BaseModel


class PersonInside(BaseModel):
    """Somebody in an area.

    Attributes:
        name: Whole for those who may see names, else masked; None for somebody removed.
        since: When they passed into it.
        node: The terminal that saw it.
    """

    holder_id: str
    name: str | None
    since: AwareDatetime
    node: str


class AreaMuster(BaseModel):
    """One area.

    Attributes:
        area: Its id.
        name: By language; none where the model no longer has the area.
        count: People inside, those without a name included.
        people: Those known by name, the longest inside first.
        unnamed_count: How many more came than left without a name; below 0 are people who came by
            name and left unseen.
        occupancy_max: As the access model has it.
    """

    area: str
    name: dict[str, str]
    count: int
    people: list[PersonInside]
    unnamed_count: int
    occupancy_max: int | None


class SilentNode(BaseModel):
    """A terminal that is not heard: what it saw since is missing here."""

    node: str
    last_seen_at: AwareDatetime | None


class Muster(BaseModel):
    """Who is inside, as far as central has heard.

    Attributes:
        at: When this was read.
        is_configured: False where the access model has no areas, so that nobody is counted.
        silent_nodes: Terminals whose latest passages are missing.
    """

    at: AwareDatetime
    is_configured: bool
    areas: list[AreaMuster]
    silent_nodes: list[SilentNode]
