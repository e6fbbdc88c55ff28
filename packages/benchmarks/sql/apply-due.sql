-- What the worker writes for trials that go over into the paid plan, as one set-based statement: no batches, no locks
-- that others skip, no rules, no row-level security. $1 is the tenant.
with due as materialized (
  select c.id, c.subject, s.id as subscription_id, s.plan, s.plan_version, s.trial_ends_at,
    s.trial_ends_at + interval '1 month' as next_end,
    to_char(s.started_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_text,
    to_char(s.period_start, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as period_text,
    to_char(s.trial_ends_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as end_text,
    to_char(s.trial_ends_at + interval '1 month', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as next_end_text,
    gen_random_uuid() as entry_id, row_number() over (order by s.trial_ends_at, c.id) as number
  from customer c join subscription s on s.tenant_id = c.tenant_id and s.customer_id = c.id
  where c.tenant_id = $1 and c.next_due_at <= now() and s.status = 'TRIALING'
), moved as (
  update subscription s set status = 'ACTIVE', trial_ends_at = null, period_anchor = d.trial_ends_at,
    period_start = d.trial_ends_at, period_end = d.next_end
  from due d where s.tenant_id = $1 and s.id = d.subscription_id
), noted as (
  update customer c set version = c.version + 1, next_due_at = d.next_end, turned_until = clock_timestamp(),
    rules_version = (select rules_version from log_head where tenant_id = $1)
  from due d where c.tenant_id = $1 and c.id = d.id
), written as (
  select *, convert_to(
    '{"id":"' || entry_id || '","type":"subscription.trial_ended","subject":{"type":"subscription","id":"' || subscription_id
    || '"},"customer":"' || subject || '","actor":{"kind":"WORKER","id":"transitions","name":null},"reason":null,"requestId":null,"at":"'
    || end_text || '","recordedAt":"' || to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    || '","data":{"before":{"id":"' || subscription_id || '","plan":"' || plan || '","planVersion":' || plan_version
    || ',"addOns":[],"quantities":{},"prorations":{},"status":"TRIALING","startedAt":"' || started_text || '","currentPeriodStart":"' || period_text
    || '","currentPeriodEnd":"' || end_text || '","trialEndsAt":"' || end_text
    || '","graceEndsAt":null,"cancelAt":null,"pausedAt":null,"resumesAt":null,"scheduledChange":null,"endedAt":null},"after":{"id":"' || subscription_id
    || '","plan":"' || plan || '","planVersion":' || plan_version
    || ',"addOns":[],"quantities":{},"prorations":{},"status":"ACTIVE","startedAt":"' || started_text || '","currentPeriodStart":"' || end_text
    || '","currentPeriodEnd":"' || next_end_text
    || '","trialEndsAt":null,"graceEndsAt":null,"cancelAt":null,"pausedAt":null,"resumesAt":null,"scheduledChange":null,"endedAt":null}}}', 'UTF8') as body
  from due
)
insert into event (tenant_id, position, entry_id, customer_id, subject_type, subject_id, type, listed, body, leaf_hash, at, recorded_at)
select $1, (select max(position) from event where tenant_id = $1) + number, entry_id, id, 'subscription', subscription_id,
  'subscription.trial_ended', true, body, sha256('\x00'::bytea || body), trial_ends_at, now()
from written
