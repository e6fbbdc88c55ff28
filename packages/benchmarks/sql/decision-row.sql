-- What the race decisions-query is run against: a row for each decision, found by its id, by its customer and by its time.
create table decision_row (
  tenant_id uuid not null,
  id text collate "C" not null,
  at timestamptz(3) not null,
  customer_id text collate "C" not null,
  feature text collate "C" not null,
  allowed boolean not null,
  code text collate "C" not null,
  request_id text collate "C" not null,
  -- Actor, input and answer.
  body text not null
);
