"""Money for home-care beds, services, vouchers, building and calls: reckoned by the month, booked once."""
