"""
Backups: made while the service runs, verified by being restored, thinned by rule, put back by a swap.

```
  database ──copy──► .partial/ ──restored into a scratch place──► sound? ──► manifest.json ──rename──► anling-TIME/
                                                                                          ──copies──► the other disks
```

A folder without a manifest that says `verified` is no backup: nothing here restores from it unasked, and nothing counts
it.
"""
