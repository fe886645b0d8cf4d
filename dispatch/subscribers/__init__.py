"""Programs of others that are told what happened: webhooks out (Standard Webhooks 1.1)."""
