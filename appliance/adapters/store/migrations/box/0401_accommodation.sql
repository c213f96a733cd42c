-- The minutes that the roster gave, apart from those given during the exam: "everybody with an
-- accommodation" must not become everybody once all were given ten minutes for a fire alarm.
ALTER TABLE attempts ADD COLUMN roster_minutes INTEGER NOT NULL DEFAULT 0;
UPDATE attempts SET roster_minutes = extra_minutes;
