"""
The list of parts (SBOM) of a release, CycloneDX 1.6 in JSON, from the lock alone: `python -m config.sbom > sbom.json`.

Every package that runs with the service stands in requirements.lock with its version and the hashes of its files
(ASVS 15.1.2); nothing is asked of a network.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parent.parent / "requirements.lock"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(lock: str) -> dict[str, Any]:
    """The CycloneDX document of a lock's text (cyclonedx.org/docs/1.6/json)."""
    parts: list[dict[str, Any]] = []
    for line in lock.splitlines():
        pin = _PIN.match(line)
        if pin:
            name, version = re.sub(r"[-_.]+", "-", pin["name"]).lower(), pin["version"]
            purl = f"pkg:pypi/{name}@{version}"
            parts.append({"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl})
        for found in _HASH.findall(line):
            # One distribution of the package each: CycloneDX keeps them as references with a hash.
            files = parts[-1].setdefault("externalReferences", [])
            reference = {"type": "distribution", "url": parts[-1]["purl"]}
            files.append({**reference, "hashes": [{"alg": "SHA-256", "content": found}]})
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "name": "anling", "bom-ref": "anling"}},
        "components": parts,
    }  # fmt: skip


if __name__ == "__main__":
    json.dump(bill(LOCK.read_text(encoding="utf-8")), sys.stdout, indent=1)
