"""Public money: what a rule gives for a meal, a bed or a service, to the fen and with its reason."""
