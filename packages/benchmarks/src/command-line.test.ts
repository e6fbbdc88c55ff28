import { readCommandLine } from './command-line.js';

const RACES = ['check-http', 'decide'];

test.each([
  [[], { names: [], size: 'full', isPublished: true }],
  [['decide'], { names: ['decide'], size: 'full', isPublished: false }],
  [
    ['--publish', 'decide', 'check-http'],
    { names: ['decide', 'check-http'], size: 'full', isPublished: true },
  ],
  [['--publish'], { names: [], size: 'full', isPublished: true }],
  [
    ['decide', 'check-http', '--quick'],
    { names: ['decide', 'check-http'], size: 'quick', isPublished: false },
  ],
  [['--smoke'], { names: [], size: 'smoke', isPublished: false }],
])('%j is understood', (args, expected) => {
  expect(readCommandLine(args, RACES)).toEqual(expected);
});

test.each([
  [['dicide'], 'there is no race `dicide`; there are check-http, decide'],
  [['--smoke', '--quick'], 'exclude each other'],
  [['--publish', '--quick', 'decide'], 'leave out --quick, or --publish'],
  [['--publish', '--smoke'], 'leave out --smoke, or --publish'],
  [['--publish', 'dicide'], 'there is no race `dicide`'],
  [['--fast'], '--fast'],
])('%j is refused', (args, message) => {
  expect(() => readCommandLine(args, RACES)).toThrow(message);
});
