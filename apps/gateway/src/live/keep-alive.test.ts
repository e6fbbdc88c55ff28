import { KeepAlive } from './keep-alive.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('each socket is asked once in half a minute, and those that opened apart are asked apart', () => {
  const keepAlive = new KeepAlive();
  const early = { ping: jest.fn() };
  const late = { ping: jest.fn() };
  keepAlive.add(early);
  jest.advanceTimersByTime(15_000);
  keepAlive.add(late);
  jest.advanceTimersByTime(15_000);
  expect([early.ping.mock.calls.length, late.ping.mock.calls.length]).toEqual([1, 0]);
  jest.advanceTimersByTime(45_000);
  expect([early.ping.mock.calls.length, late.ping.mock.calls.length]).toEqual([2, 2]);
  keepAlive.close();
});

test('a socket that is closed is asked no more', () => {
  const keepAlive = new KeepAlive();
  const socket = { ping: jest.fn() };
  const stop = keepAlive.add(socket);
  stop();
  jest.advanceTimersByTime(60_000);
  expect(socket.ping).not.toHaveBeenCalled();
  keepAlive.close();
});
