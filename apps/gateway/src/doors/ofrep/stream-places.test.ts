import { parseTenantId, type TenantId } from '@licet/domain';
import { StreamPlaces } from './stream-places.js';

function tenant(last: number): TenantId {
  const id = parseTenantId(`0b6b6a0e-3c1e-4d0c-9a53-5f6f0c1f2a1${String(last)}`);
  if (id === null) throw new Error('a tenant id');
  return id;
}

test('a tenant has its places, all have theirs, and each is given back once', () => {
  const places = new StreamPlaces({ ofTenant: 2, inAll: 3 });
  const leave = places.take(tenant(1));
  places.take(tenant(1));
  expect(() => places.take(tenant(1))).toThrow(/close some, or come again later/);
  places.take(tenant(2));
  expect(() => places.take(tenant(3))).toThrow(/event streams/);
  leave();
  leave();
  places.take(tenant(3));
  expect(() => places.take(tenant(1))).toThrow(/event streams/);
});
