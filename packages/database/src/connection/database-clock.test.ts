import { DatabaseClock } from './database-clock.js';

const at = (clock: DatabaseClock): number => clock.at(1000);

test('of the samples the one with the quickest round trip counts', () => {
  const clock = new DatabaseClock();
  clock.sample(new Date(50_000), 0, 10);
  clock.sample(new Date(90_000), 100, 400);
  expect(at(clock)).toBe(50_995);
});

test('after a restart the next sample counts alone, and until then the last one goes on', () => {
  const clock = new DatabaseClock();
  clock.sample(new Date(50_000), 0, 10);
  clock.restart();
  expect(at(clock)).toBe(50_995);
  // Slower than what was measured before, of a server whose clock is a minute behind.
  clock.sample(new Date(-10_000), 0, 200);
  expect(at(clock)).toBe(-9100);
});
