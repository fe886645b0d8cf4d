"""What is the district's own to change about home care, as data."""
