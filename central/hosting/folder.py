"""The folder of site files: which sites a process serves, and by which names they are called."""

import dataclasses
import hashlib
from pathlib import Path

from config.site import Site, SiteError, load_site

ID_LENGTH_MAX = 58
"""A PostgreSQL name has 63 bytes, and five of them say that it is a site's."""


@dataclasses.dataclass(frozen=True, slots=True)
class SiteFile:
    """One site of the folder.

    Attributes:
        host: What nodes and browsers call it, without a port.
        digest: Of the file; another one means that it was changed.
    """

    path: Path
    site: Site
    host: str
    digest: bytes

    @property
    def site_id(self) -> str:
        """The site's identifier."""
        return self.site.site.id

    @property
    def schema(self) -> str:
        """The schema of its tables, and the role that it belongs to."""
        return schema_of(self.site_id)


@dataclasses.dataclass(frozen=True, slots=True)
class SiteFolder:
    """What a folder holds. Attributes: problems: a line for each file that cannot be served."""

    files: tuple[SiteFile, ...]
    problems: tuple[str, ...]


def schema_of(site_id: str) -> str:
    """Return the schema of a site; two sites never have the same."""
    return f"site_{site_id.replace('-', '_')}"


def read_folder(folder: Path, *, name: str) -> SiteFolder:
    """Read every ``*.toml`` of a folder; what cannot be served is a problem and no more.

    Args:
        folder: Of site files.
        name: A site that names no host is called ``ID.name``.

    Raises:
        SiteError: There is no such folder, or no site file in it.
    """
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise SiteError(f"there is no site file (*.toml) in {folder}")
    files, problems = list[SiteFile](), list[str]()
    taken = dict[str, Path]()
    for path in paths:
        try:
            file = _read(path, name)
        except SiteError as error:
            problems += str(error).splitlines()
            continue
        others = [taken[each] for each in (file.site_id, file.host) if each in taken]
        if others:
            problems.append(f"{path}: {others[0]} has the same id or host: change one of the two")
            continue
        taken |= {file.site_id: path, file.host: path}
        files.append(file)
    return SiteFolder(tuple(files), tuple(problems))


def _read(path: Path, name: str) -> SiteFile:
    site = load_site(path)
    if len(site.site.id) > ID_LENGTH_MAX:
        raise SiteError(f"{path}: site.id: beside others it has at most {ID_LENGTH_MAX} signs")
    digest = hashlib.sha256(path.read_bytes()).digest()
    return SiteFile(path, site, site.site.host or f"{site.site.id}.{name}", digest)
