import { hotSpots } from './cpu-profile.js';

function node(id: number, functionName: string, url = '', lineNumber = 0) {
  return { id, callFrame: { functionName, url, lineNumber } };
}

const PROFILE = JSON.stringify({
  nodes: [
    node(1, '(idle)'),
    node(2, 'decide', 'file:///home/licet/packages/domain/dist/decision/decide.js', 9),
    node(3, 'parse', '/home/licet/node_modules/graphql/language/parser.js', 4),
    node(4, 'decide', 'file:///home/licet/packages/domain/dist/decision/decide.js', 9),
    node(5, '(garbage collector)'),
    node(6, 'dispatch'),
  ],
  samples: [1, 2, 3, 4, 5, 6],
  timeDeltas: [1000, 30, 20, 40, 10, 500],
});

test('functions are ordered by their own time, wherever they were called from; waiting and watching do not count', () => {
  expect(hotSpots(PROFILE, 2)).toEqual([
    { name: 'decide', place: 'packages/domain/dist/decision/decide.js:10', share: 0.7 },
    { name: 'parse', place: 'graphql/language/parser.js:5', share: 0.2 },
  ]);
});

test('what has no place is named all the same', () => {
  expect(hotSpots(PROFILE, 9).at(-1)).toMatchObject({ place: '', share: 0.1 });
});

test('another file is no profile', () => {
  expect(() => hotSpots('{}', 1)).toThrow('nodes');
});
