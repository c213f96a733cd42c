-- How many presses of the hand the box has heard from a page: one that is told again counts once.
ALTER TABLE attempts ADD COLUMN hand_presses INTEGER NOT NULL DEFAULT 0;
