"""The files that ``irq_server install`` writes, and where. Pure."""

from importlib.resources.abc import Traversable

from .placing import Piece

PROGRAM = "irq_server"
UNIT = "irq_server.service"
_COMMAND = "/usr/local/bin/irq_server"
"""The command in the files of the wheel."""


def service(data: Traversable, words: str, has_home: bool) -> list[Piece]:
    """Return the unit that starts the command `words`, and the link that enables it.

    ``has_home`` says that the command lies in somebody's home.
    """
    unit = (data / UNIT).read_text().replace(_COMMAND, words)
    if has_home:
        unit = unit.replace("ProtectHome=yes", "ProtectHome=read-only")
    return [
        Piece(f"/etc/systemd/system/{UNIT}", unit, f"/usr/lib/systemd/system/{UNIT}"),
        # by its name alone, as systemd finds a unit in each of its folders
        Piece(f"/etc/systemd/system/multi-user.target.wants/{UNIT}", target=f"../{UNIT}"),
    ]


def documents(data: Traversable) -> list[Piece]:
    """Return the man page, and what completes the command in bash, zsh and fish."""
    share = "/usr/local/share"
    page = (data / "irq_server.8").read_text()
    return [
        Piece(f"{share}/man/man8/irq_server.8", page, comment='.\\"'),
        *(
            Piece(f"{share}/{there}", (data / here).read_text())
            for here, there in (
                ("bash-completion/irq_server", "bash-completion/completions/irq_server"),
                ("zsh/_irq_server", "zsh/site-functions/_irq_server"),
                ("fish/irq_server.fish", "fish/vendor_completions.d/irq_server.fish"),
            )
        ),
    ]
