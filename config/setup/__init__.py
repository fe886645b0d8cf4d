"""The first run: a wizard of six steps, once, for whoever holds the code that `anling serve` has printed."""
