-- Detectors switched off for one candidate (core/accommodation.py): names, one space between.
ALTER TABLE attempts ADD COLUMN switched_off TEXT NOT NULL DEFAULT '';
