"""Readers beside the gates in the site file: where people hold their cards and codes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from config.contract.identifiers import Frozen, Slug


class PointReader(Frozen):
    """A reader at an access point. Attributes: reader: 0-based, of a device with several."""

    device: Slug
    reader: Annotated[int, Field(ge=0, le=15)] = 0


def reader_problems(
    points: Sequence[tuple[str, str, Sequence[PointReader]]],
    *,
    devices: Mapping[str, str | None],
) -> Iterator[str]:
    """Yield what is wrong with the readers of access points.

    Args:
        points: Each access point, its node, and its readers.
        devices: The node of each device.
    """
    taken: dict[PointReader, str] = {}
    for point, node, readers in points:
        for reader in readers:
            where = f"access_point {point!r}: reader"
            if devices.get(reader.device) != node:
                yield f"{where} needs a device on its own node, not {reader.device!r}"
            if (other := taken.setdefault(reader, point)) != point:
                yield f"{where} {reader.reader} of {reader.device!r} is one of {other!r}, too"
