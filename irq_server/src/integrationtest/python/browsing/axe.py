"""axe-core, which finds what keeps people from using a page. Fetched once, from npm's registry."""

import base64
import hashlib
import io
import os
import tarfile
from pathlib import Path

import requests

import needs

NAME = "axe-core-4.14.1"
ADDRESS = f"https://registry.npmjs.org/axe-core/-/{NAME}.tgz"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
FETCH_SECONDS = 60
SYSTEMS_TRUST = Path("/etc/ssl/certs/ca-certificates.crt")
"""The certificates that Debian trusts; a company's own may be among them."""


def script() -> str:
    """Return axe-core's script; skip the test if it is in no cache and the network is not there."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kept = Path(home) / f"irq_server/{NAME}.tgz"
    if not kept.exists():
        try:
            verify = str(SYSTEMS_TRUST) if SYSTEMS_TRUST.exists() else True
            answer = requests.get(ADDRESS, timeout=FETCH_SECONDS, verify=verify)
            answer.raise_for_status()
        except requests.RequestException:
            needs.packages([], f"{ADDRESS}, or that file as {kept}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(answer.content)
    packed = kept.read_bytes()
    assert base64.b64encode(hashlib.sha512(packed).digest()).decode() == SHA512, kept
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        member = files.extractfile("package/axe.min.js")
        assert member
        return member.read().decode()
