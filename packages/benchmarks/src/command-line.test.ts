import { readCommandLine } from './command-line.js';

const RACES = ['check-http', 'decide'];

test.each([
  [[], { names: [], size: 'full' }],
  [['decide'], { names: ['decide'], size: 'full' }],
  [['decide', 'check-http', '--quick'], { names: ['decide', 'check-http'], size: 'quick' }],
  [['--smoke'], { names: [], size: 'smoke' }],
])('%j is understood', (args, expected) => {
  expect(readCommandLine(args, RACES)).toEqual(expected);
});

test.each([
  [['dicide'], 'there is no race `dicide`; there are check-http, decide'],
  [['--smoke', '--quick'], 'exclude each other'],
  [['--fast'], '--fast'],
])('%j is refused', (args, message) => {
  expect(() => readCommandLine(args, RACES)).toThrow(message);
});
