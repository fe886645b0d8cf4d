"""Meals: canteens and their tills, who eats what where, and which fen of it is public money."""
