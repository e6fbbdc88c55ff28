-- The smallest thing that counts durably: a counter, and a record of each time that it was raised.
create table counter (id int primary key, used bigint not null default 0) with (fillfactor = 50);
create table usage_event (
  id bigint generated always as identity primary key,
  counter_id int not null,
  quantity bigint not null,
  at timestamptz not null
);
insert into counter (id) select generate_series(1, 10000);
vacuum analyze;
