-- What a recorded usage event becomes, without key, index or row-level security.
create table usage_record (
  tenant_id uuid not null,
  key bytea not null,
  kind text not null,
  request_hash bytea not null,
  customer_id text,
  feature text,
  quantity bigint,
  used_after bigint,
  outcome text not null,
  batch_id uuid,
  at timestamptz(3) not null,
  used_at timestamptz(3)
);
