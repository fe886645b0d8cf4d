"""
Sealed files: whoever steals the backup has nothing, and the machine that makes it cannot open it (PROMISES, X23).

The service knows a public key only. Each file gets a key of its own by X25519 (RFC 7748) between that and a key drawn
for the file, made even by HKDF-SHA256 (RFC 5869); pieces of 1 MiB are sealed by AES-256-GCM (NIST SP 800-38D, ASVS
11.3.3). The nonce counts the pieces and marks the last, so that pieces can be neither exchanged nor left out (the
STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

```
  "ANLINGB1" · 32 bytes: the file's public key · piece · piece · … · last piece
                                                   a piece: 1 MiB at most, and 16 bytes of tag
```
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509 import load_pem_x509_certificate

from dispatch.errors import Invalid

MAGIC = b"ANLINGB1"
PIECE = 1024 * 1024
TAG = 16
SUFFIX = ".sealed"
KEY_HEX = 64
"""Letters of a key in hexadecimal."""


class NotOpened(Invalid):
    """A sealed file could not be opened: another key, or it was changed or cut."""


def draw_key() -> tuple[str, str]:
    """A new pair in hexadecimal: the private half, which belongs far away from the machine, and the public one."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw().hex(), private.public_key().public_bytes_raw().hex()


def seal(source: Path, target: Path, recipient: str) -> bytes:
    """
    Seals a file for a public key (64 hexadecimal digits). Returns the key of this file alone, so that whoever sealed it
    can try whether it opens; kept nowhere, it is gone afterwards.
    """
    drawn, whose = X25519PrivateKey.generate(), X25519PublicKey.from_public_bytes(bytes.fromhex(recipient))
    header = MAGIC + drawn.public_key().public_bytes_raw()
    key = _file_key(drawn.exchange(whose), header, bytes.fromhex(recipient))
    with source.open("rb") as plain, target.open("xb") as out:
        out.write(header)
        for number, (piece, last) in enumerate(_pieces(plain, PIECE)):
            out.write(AESGCM(key).encrypt(_nonce(number, last=last), piece, header))
    return key


def open_sealed(source: Path, target: Path, private: str) -> None:
    """
    Opens a file with the private key (64 hexadecimal digits).

    Raises:
        NotOpened: it is not sealed for this key, or is not as it was made; the target is not there then.
    """
    mine = X25519PrivateKey.from_private_bytes(_key_of(private))
    header = _header(source)
    theirs = X25519PublicKey.from_public_bytes(header[len(MAGIC) :])
    public = mine.public_key().public_bytes_raw()
    try:
        key = _file_key(mine.exchange(theirs), header, public)
    except ValueError:
        raise NotOpened(f"{source.name} does not begin as a sealed file does") from None
    open_with(source, target, key)


def open_with(source: Path, target: Path, key: bytes) -> None:
    """Opens a file with its own key, as `seal` returned it; raises as `open_sealed`."""
    header = _header(source)
    try:
        with source.open("rb") as closed, target.open("xb") as out:
            closed.seek(len(header))
            for number, (piece, last) in enumerate(_pieces(closed, PIECE + TAG)):
                out.write(AESGCM(key).decrypt(_nonce(number, last=last), piece, header))
    except InvalidTag:
        target.unlink()
        raise NotOpened(f"{source.name} does not open: it was sealed for another key, or changed since") from None


def _key_of(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) * 2 != KEY_HEX:
        raise NotOpened(f"the key is not {KEY_HEX} hexadecimal digits")
    return key


def _header(source: Path) -> bytes:
    with source.open("rb") as closed:
        header = closed.read(len(MAGIC) + 32)
    if not header.startswith(MAGIC) or len(header) < len(MAGIC) + 32:
        raise NotOpened(f"{source.name} is no sealed file")
    return header


def _file_key(shared: bytes, header: bytes, recipient: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=header + recipient).derive(shared)


def _nonce(number: int, *, last: bool) -> bytes:
    """Twelve bytes, never twice under one key: a file has a key of its own."""
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """The file in pieces, each with whether it is the last; an empty file is one empty piece."""
    piece = file.read(size)
    while True:
        following = file.read(size)
        yield piece, not following
        if not following:
            return
        piece = following


def certificate_ends_at(pem: bytes) -> datetime:
    """
    When the first certificate in PEM text ends.

    Raises:
        ValueError: there is none in it.
    """
    return load_pem_x509_certificate(pem).not_valid_after_utc
