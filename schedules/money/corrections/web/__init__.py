"""Corrections of rules, as pages and over the API."""
