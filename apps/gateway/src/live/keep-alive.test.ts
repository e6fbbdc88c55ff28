import { KeepAlive } from './keep-alive.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('each socket is asked once in half a minute, and those that opened apart are asked apart', () => {
  const keepAlive = new KeepAlive();
  const early = { probe: jest.fn() };
  const late = { probe: jest.fn() };
  keepAlive.add(early);
  jest.advanceTimersByTime(15_000);
  keepAlive.add(late);
  jest.advanceTimersByTime(15_000);
  expect([early.probe.mock.calls.length, late.probe.mock.calls.length]).toEqual([1, 0]);
  jest.advanceTimersByTime(45_000);
  expect([early.probe.mock.calls.length, late.probe.mock.calls.length]).toEqual([2, 2]);
  keepAlive.close();
});

test('a socket that is closed is asked no more', () => {
  const keepAlive = new KeepAlive();
  const socket = { probe: jest.fn() };
  keepAlive.add(socket);
  keepAlive.leave(socket);
  jest.advanceTimersByTime(60_000);
  expect(socket.probe).not.toHaveBeenCalled();
  keepAlive.close();
});
