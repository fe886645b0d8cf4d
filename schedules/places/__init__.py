"""Service points: canteens, clinics, repairs, stations; where they are, when they are open, who has one near."""
