"""Who may come in: people by a password, machines by a key."""
