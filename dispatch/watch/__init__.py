"""The independent auditor: the invariants of PROMISES, section 5, as SQL over the tables, and a siren beside it."""
