"""Meals as values."""
