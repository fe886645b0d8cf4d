"""The welfare signal on pages and for programs."""
