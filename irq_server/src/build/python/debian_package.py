"""A wheel becomes a Debian package, by dpkg-deb. The same file in all three projects.

``python debian_package.py WHEEL [DISTRIBUTION]...`` writes it beside the wheel and prints its path.
The project's src/build/debian holds what the wheel lacks: `control`, the maintainer scripts, and
`etc`, whose files are conffiles. The distributions are copied from this Python into a folder that
only the package's command looks into. SOURCE_DATE_EPOCH is the time of all files; DEBFULLNAME and
DEBEMAIL name the maintainer, as for Debian's own tools.
"""

import gzip
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from email.utils import formatdate
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).parents[3]
DEBIAN = PROJECT / "src/build/debian"
MODULES = "usr/lib/python3/dist-packages"
SCRIPTS = ("postinst", "prerm", "postrm")
ZSH = "share/zsh/site-functions", "share/zsh/vendor-completions"
"""The folder of zsh's functions below any prefix, and that of Debian's packages."""

APACHE = "/usr/share/common-licenses/Apache-2.0"

COMMAND = """\
#!/usr/bin/python3 -I
import sys
{bundle}
from {module}.cli import main

sys.exit(main())
"""


def build(wheel: Path, bundled: list[str]) -> Path:
    """Make the package of a wheel; return its path."""
    module, version = wheel.name.split("-")[:2]
    control = (DEBIAN / "control").read_text()
    control = control.replace("@VERSION@", version).replace("@MAINTAINER@", maintainer())
    fields = dict(re.findall(r"^([A-Z][A-Za-z-]+): (.*)$", control, re.M))
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    bundle = f"usr/share/{fields['Package']}/bundled"
    conffiles = {
        str(each.relative_to(DEBIAN)): each.read_bytes()
        for each in DEBIAN.glob("etc/**/*")
        if each.is_file()
    }
    files = {
        **wheel_files(wheel, module),
        **bundle_files(bundled, bundle),
        **documents(fields, bundled, seconds),
        f"usr/bin/{module}": command(module, f"/{bundle}" if bundled else "").encode(),
    }
    kilobytes = sum(map(len, (files | conffiles).values())) // 1024 + 1
    information = {
        "control": f"{control}Installed-Size: {kilobytes}\n",
        "conffiles": "".join(f"/{each}\n" for each in sorted(conffiles)),
        "md5sums": "".join(f"{md5(files[each])}  {each}\n" for each in sorted(files)),
        **{each: (DEBIAN / each).read_text() for each in SCRIPTS if (DEBIAN / each).exists()},
    }
    files |= conffiles
    files |= {f"DEBIAN/{each}": text.encode() for each, text in information.items() if text}
    package = wheel.with_name(f"{fields['Package']}_{version}_all.deb")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "root")
        write(root, files, seconds)
        subprocess.run(
            ["/usr/bin/dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, package],
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(seconds)},
        )
    return package


def maintainer() -> str:
    """Return the name and address of the maintainer."""
    name = os.environ.get("DEBFULLNAME") or "The authors of irqbalance"
    return f"{name} <{os.environ.get('DEBEMAIL') or 'irq@example.org'}>"


def write(root: Path, files: dict[str, bytes], seconds: int) -> None:
    """Write the files below a new folder, with the modes and the time that they have there."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if content.startswith(b"#!") else 0o644)
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (seconds, seconds))


def command(module: str, bundle: str) -> str:
    """Return the program of /usr/bin; it looks into the folder `bundle` first, if it has one."""
    path = f"\nsys.path.insert(0, {bundle!r})\n" if bundle else ""
    return COMMAND.format(bundle=path, module=module)


def wheel_files(wheel: Path, module: str) -> dict[str, bytes]:
    """Return the files of a wheel by their paths in the package."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            below = name.partition(".data/data/")[2].replace(*ZSH)
            if below.startswith("share/man/"):
                found[f"usr/{below}.gz"] = compressed(content)
            elif below:
                here, there = (
                    f"{folder}/{module}".encode() for folder in ("/usr/local/bin", "/usr/bin")
                )
                found[f"usr/{below}"] = content.replace(here, there)
            elif not name.endswith(("/RECORD", "/LICENSE")):
                found[f"{MODULES}/{name}"] = content
    return found


def bundle_files(distributions: list[str], folder: str) -> dict[str, bytes]:
    """Return the modules of distributions that this Python has, by their paths in the package."""
    return {
        f"{folder}/{each}": each.read_binary()
        for name in distributions
        for each in metadata.files(name) or ()
        if each.suffix == ".py" and each.parts[0] != ".."
    }


def documents(fields: dict[str, str], bundled: list[str], seconds: int) -> dict[str, bytes]:
    """Return what Debian wants of every package, its changelog and the licences, and the README."""
    folder = f"usr/share/doc/{fields['Package']}"
    change = (
        f"{fields['Package']} ({fields['Version']}) unstable; urgency=medium\n\n"
        "  * What a user notices: CHANGELOG.md.gz.\n\n"
        f" -- {fields['Maintainer']}  {formatdate(seconds)}\n"
    )
    licences = [(PROJECT / "LICENSE").read_text()]
    for name in bundled:
        found = [each for each in metadata.files(name) or () if re.match("LICENSE", each.name)]
        (text,) = (each.read_text() for each in found)
        if "Apache License" in text:
            author = metadata.metadata(name)["Author"]
            text = f"Copyright {author} and contributors. Apache License 2.0, as in\n{APACHE}\n"
        licences.append(f"{name} {metadata.version(name)}, which is bundled:\n\n{text}")
    return {
        f"{folder}/changelog.gz": compressed(change.encode()),
        f"{folder}/CHANGELOG.md.gz": compressed((PROJECT / "CHANGELOG.md").read_bytes()),
        f"{folder}/README.md": (PROJECT / "README.md").read_bytes(),
        f"{folder}/copyright": "\n\n".join(licences).encode(),
    }


def compressed(content: bytes) -> bytes:
    """Return a content as gzip makes it, without a name or a time."""
    return gzip.compress(content, 9, mtime=0)


def md5(content: bytes) -> str:
    """Return the checksum that dpkg compares an installed file with."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), sys.argv[2:]))  # noqa: T201 - the path is its output
