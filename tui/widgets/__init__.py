"""What screens are made of. Seat map, queue and pictures draw their own lines: see each why."""
