"""How satisfied people are: one key after each alarm or visit, and interviews of a monthly sample."""
