"""One welfare signal: small signs of one household, from all sides, joined into one soft alarm with its reasons."""
