"""Values and pure functions of planning visits: the problem, a plan, what it costs, whether it holds."""
