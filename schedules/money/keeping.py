"""The texts of the rules in a folder by their versions, to be kept with the first money that is given by them."""

from pathlib import Path

from dispatch.errors import Misconfigured
from schedules.money.rules.reading import read_policy
from schedules.money.store.versions import Rule


def rules_in(folder: Path) -> dict[str, Rule]:
    """
    Every sound policy file of a folder by its version; files with faults are left out, as `book.read_book` does.

    Raises:
        Misconfigured: the folder or a file of it cannot be read.
    """
    found = {}
    try:
        texts = {path.name: path.read_text(encoding="utf-8-sig") for path in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(str(folder), f"it cannot be read: {error}; name the folder of policy files") from None
    for name, text in texts.items():
        policy = read_policy(text, name).policy
        if policy is not None:
            found[policy.version] = Rule(version=policy.version, policy_id=policy.id, file=name, content=text)
    return found
