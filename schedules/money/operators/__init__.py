"""Money for whoever serves: canteens by what they serve, stations by people; reckoned by the month, booked once."""
