"""
The siren's own process: `python -m dispatch.horn`, or `anling siren`. Nothing in it needs more than Python itself.

It reads, never writes to, what the engine leaves behind: the beat in `engine.beat` and, on SQLite, the database. When
nothing gets through any more it makes noise by roads that need neither the engine nor a network.

    signs ──► judge ──► reasons ──► crier ──► relay · modem · command
    (what is seen)      (pure)      (what is heard)
"""
