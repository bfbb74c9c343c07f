"""The files that ``irqbalance install`` writes, and where. Pure."""

from importlib.resources.abc import Traversable

from .placing import Piece

PROGRAM = "irqbalance"
TIMER = "irqbalance-once.timer"
_SERVICE = "irqbalance-once.service"
_RULES = "90-irqbalance-once.rules"
_COMMAND = "/usr/local/bin/irqbalance"
"""The command in the files of the wheel."""


def timer(data: Traversable, words: str, has_home: bool) -> list[Piece]:
    """Return the units and the rule of udev that start the command `words`, and the enabled timer.

    ``has_home`` says that the command lies in somebody's home.
    """
    service = (data / _SERVICE).read_text().replace(_COMMAND, words)
    if has_home:
        service = service.replace("ProtectHome=yes", "ProtectHome=read-only")
    units = {_SERVICE: service, TIMER: (data / TIMER).read_text()}
    return [
        *(
            Piece(f"/etc/systemd/system/{name}", text, f"/usr/lib/systemd/system/{name}")
            for name, text in units.items()
        ),
        Piece(
            f"/etc/udev/rules.d/{_RULES}",
            (data / _RULES).read_text(),
            f"/usr/lib/udev/rules.d/{_RULES}",
        ),
        # by its name alone, as systemd finds a unit in each of its folders
        Piece(f"/etc/systemd/system/timers.target.wants/{TIMER}", target=f"../{TIMER}"),
    ]


def cron(data: Traversable, words: str) -> list[Piece]:
    """Return the file of cron that starts the command `words`."""
    text = (data / "irqbalance.cron").read_text().replace(_COMMAND, words)
    return [Piece("/etc/cron.d/irqbalance-once", text)]


def documents(data: Traversable) -> list[Piece]:
    """Return the man page, and what completes the command in bash, zsh and fish."""
    share = "/usr/local/share"
    return [
        Piece(
            f"{share}/man/man8/irqbalance.8", (data / "irqbalance.8").read_text(), comment='.\\"'
        ),
        *(
            Piece(f"{share}/{there}", (data / here).read_text())
            for here, there in (
                ("bash-completion/irqbalance", "bash-completion/completions/irqbalance"),
                ("zsh/_irqbalance", "zsh/site-functions/_irqbalance"),
                ("fish/irqbalance.fish", "fish/vendor_completions.d/irqbalance.fish"),
            )
        ),
    ]
