"""Under which identity a server runs. PostgreSQL refuses to run as root, and rightly so."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNPRIVILEGED = ("postgres", "nobody", "daemon")


class NoIdentity(Exception):
    """We are root and found no way to run a server as somebody else."""


@dataclass(frozen=True)
class Identity:
    """How to start a program: a prefix for the command and arguments for `subprocess`."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    popen: dict[str, Any] = field(default_factory=dict)

    def own(self, path: Path) -> None:
        """Give a file or folder to this identity, so that the server may use it."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def _dropped(user: pwd.struct_passwd) -> Identity:
    arguments = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return Identity(uid=user.pw_uid, gid=user.pw_gid, popen=arguments)


def _reaches(identity: Identity, program: Path, folder: Path) -> bool:
    """Can this identity run the program and enter the folder?"""
    for probe in ([str(program), "--version"], ["test", "-x", str(folder)]):
        try:
            done = subprocess.run(
                [*identity.prefix, *probe], capture_output=True, check=False, cwd="/", **identity.popen
            )
        except OSError:
            return False
        if done.returncode != 0:
            return False
    return True


def _candidates() -> list[Identity]:
    users = {user.pw_name: user for user in pwd.getpwall()}
    dropped = [_dropped(users[name]) for name in UNPRIVILEGED if name in users]
    unshare = shutil.which("unshare")
    mapped = [Identity(prefix=(unshare, "--user", "--map-user=65534", "--map-group=65534"))] if unshare else []
    return dropped + mapped


def choose(program: Path, folder: Path) -> Identity:
    """As an ordinary user: ourselves. As root: an unprivileged user who reaches the files, else a user namespace."""
    if os.geteuid() != 0:
        return Identity()
    for identity in _candidates():
        if _reaches(identity, program, folder):
            return identity
    raise NoIdentity("PostgreSQL does not run as root. Run this as an ordinary user, or set DATABASE_URL.")
