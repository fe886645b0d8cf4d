"""Money of beds and services on pages and for programs."""
