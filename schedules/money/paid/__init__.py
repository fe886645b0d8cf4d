"""What was paid for a source and why: in common for beds and services and for whoever serves."""
