-- What a run has left behind, but for what chance and the clock put there. Two runs that wrote the same have the same.
select
  (select sum(hashtextextended(s::text, 0)) from subscription s) as subscriptions,
  (select sum(hashtextextended((to_jsonb(c) - 'turned_until')::text, 0)) from customer c) as customers,
  count(*) as events,
  max(position) - min(position) + 1 as positions,
  sum(hashtextextended(concat_ws(' ', customer_id, subject_type, subject_id, listed, at), 0)) as entries,
  sum(hashtextextended((convert_from(body, 'UTF8')::jsonb - 'id' - 'recordedAt')::text, 0)) as bodies,
  bool_and(leaf_hash = sha256('\x00'::bytea || body)) as hashed
from event where type = 'subscription.trial_ended'
