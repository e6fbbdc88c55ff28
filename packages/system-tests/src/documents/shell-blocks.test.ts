import { shellBlocks } from './shell-blocks.js';

const FENCE = '```';

function document(...lines: string[]): string {
  return lines.join('\n');
}

test('a block is found with the line of its first command', () => {
  const markdown = document('# Title', '', `${FENCE}sh`, 'one', 'two', FENCE);
  expect(shellBlocks('README.md', markdown)).toEqual([
    { file: 'README.md', line: 4, script: 'one\ntwo', notRun: null, answer: null },
  ]);
});

test('the json right after a block is its answer, and text in between parts them', () => {
  const json = [`${FENCE}json`, '{ "a": 1 }', FENCE];
  const answered = document(`${FENCE}sh`, 'one', FENCE, '', ...json);
  expect(shellBlocks('a.md', answered)[0]?.answer).toBe('{ "a": 1 }');
  const parted = document(`${FENCE}sh`, 'one', FENCE, 'Another matter:', ...json);
  expect(shellBlocks('a.md', parted)[0]?.answer).toBeNull();
});

test('a block is left out with the reason of the comment before it, and of no other comment', () => {
  const marked = document('<!-- not run: it never', 'ends -->', '', `${FENCE}sh`, 'one', FENCE);
  expect(shellBlocks('a.md', marked)[0]?.notRun).toBe('it never ends');
  const other = document('<!-- a note -->', `${FENCE}sh`, 'one', FENCE);
  expect(shellBlocks('a.md', other)[0]?.notRun).toBeNull();
  const far = document('<!-- not run: reason -->', 'text', `${FENCE}sh`, 'one', FENCE);
  expect(shellBlocks('a.md', far)[0]?.notRun).toBeNull();
  const first = document(`${FENCE}sh`, 'one', FENCE, `${FENCE}sh`, 'two', FENCE);
  const both = shellBlocks('a.md', `<!-- not run: reason -->\n${first}`);
  expect(both.map(({ notRun }) => notRun)).toEqual(['reason', null]);
});

test('a marker without a reason leaves nothing out', () => {
  const bare = document('<!-- not run: -->', `${FENCE}sh`, 'one', FENCE);
  expect(shellBlocks('a.md', bare)[0]?.notRun).toBeNull();
});

test('other languages are no shell, and other shells are told to be `sh`', () => {
  expect(shellBlocks('a.md', document(`${FENCE}ts`, 'one', FENCE, FENCE, 'two', FENCE))).toEqual([]);
  expect(() => shellBlocks('a.md', document('', `${FENCE}bash`, 'one', FENCE))).toThrow('a.md:3');
});

test('a block that is not closed is named', () => {
  expect(() => shellBlocks('a.md', document('', `${FENCE}sh`, 'one'))).toThrow('a.md:2');
});
