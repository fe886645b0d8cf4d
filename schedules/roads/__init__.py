"""Road routers: how long the way of the best few really is, asked within a fifth of a second or not at all."""
