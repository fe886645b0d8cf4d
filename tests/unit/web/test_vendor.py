"""Foreign files are the ones we think they are, and all of them are accounted for."""

import base64
import hashlib
import json
from pathlib import Path

from tests.architecture.tree import ROOT

VENDOR = ROOT / "dispatch" / "web" / "static" / "vendor"
WORDS_ABOUT = {".txt", ".json"}


def manifest() -> list[dict]:
    return json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))


def sha384(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def test_every_vendored_file_is_the_one_in_the_manifest():
    expected = {name: digest for package in manifest() for name, digest in package["files"].items()}
    assert {name: sha384(VENDOR / name) for name in expected} == expected


def test_every_vendored_file_is_in_the_manifest():
    listed = {name for package in manifest() for name in package["files"]}
    assert {path.name for path in VENDOR.iterdir() if path.suffix not in WORDS_ABOUT} == listed


def test_every_vendored_package_names_its_licence():
    assert [package["name"] for package in manifest() if not (package["licence"] and package["version"])] == []
