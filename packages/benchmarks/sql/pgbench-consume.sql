\set id random(1, :counters)
BEGIN;
INSERT INTO usage_event (counter_id, quantity, at) VALUES (:id, 1, now());
UPDATE counter SET used = used + 1 WHERE id = :id;
COMMIT;
