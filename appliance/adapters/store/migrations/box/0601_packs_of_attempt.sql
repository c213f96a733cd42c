-- The night goes through an exam attempt by attempt.

CREATE INDEX packs_of_attempt ON packs (attempt_id);
