import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { comparable } from '../src/documents/comparable.js';
import { localLinks } from '../src/documents/links.js';
import { startSystem, type RunningSystem } from '../src/documents/running-system.js';
import { shellBlocks, type ShellBlock } from '../src/documents/shell-blocks.js';

const REPOSITORY = path.join(__dirname, '../../..');
/** Whose blocks are run. */
const GUIDES = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'packages/sdk/README.md'],
  ...markdownBelow('docs'),
];
/** Whose links are followed. */
const ALL = [...new Set([...GUIDES, ...markdownBelow('apps', 1), ...markdownBelow('packages', 1)])];
/** Where the documents say that the gateway is. */
const DOCUMENTED = '127.0.0.1:4000';

function markdownBelow(folder: string, depth?: number): string[] {
  const root = path.join(REPOSITORY, folder);
  const names =
    depth === undefined
      ? readdirSync(root, { recursive: true, encoding: 'utf8' })
      : readdirSync(root).map((name) => path.join(name, 'README.md'));
  return names
    .filter((name) => name.endsWith('.md') && existsSync(path.join(root, name)))
    .map((name) => path.join(folder, name))
    .sort();
}

function read(file: string): string {
  return readFileSync(path.join(REPOSITORY, file), 'utf8');
}

const blocks = GUIDES.flatMap((file) => shellBlocks(file, read(file)));
const run = blocks.filter(({ notRun }) => notRun === null);
const notRun = blocks.filter(({ notRun }) => notRun !== null);

function placeOf({ file, line }: ShellBlock): string {
  return `${file}:${String(line)}`;
}

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem(REPOSITORY);
}, 120_000);
afterAll(async () => {
  await system.stop();
}, 60_000);

/** What the block writes to its standard output; an Error with all that it wrote where a command in it fails. */
async function output(block: ShellBlock): Promise<string> {
  const script = block.script.replaceAll(DOCUMENTED, new URL(system.origin).host);
  const { stdout } = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: system.checkout,
    env: { ...system.environment },
    timeout: 60_000,
  });
  return stdout;
}

test.each(run.map((block): [string, ShellBlock] => [placeOf(block), block]))(
  'the commands at %s work, and answer what the document shows',
  async (_place, block) => {
    const written = await output(block);
    if (block.answer === null) return;
    expect(comparable(JSON.parse(written))).toEqual(comparable(JSON.parse(block.answer)));
  },
  90_000,
);

test('the first screen of the README asks a real question and shows its answer', () => {
  const [first] = run;
  expect(first?.file).toBe('README.md');
  expect(first?.script).toContain('check(');
  expect(first?.answer).not.toBeNull();
});

test('whoever asks the gateway shows the answer: curl itself takes every answer for success', () => {
  const silent = run.filter(({ script, answer }) => script.includes('curl ') && answer === null);
  expect(silent.map(placeOf)).toEqual([]);
});

test('what is not run says why', () => {
  console.info(notRun.map((block) => `not run: ${placeOf(block)}: ${block.notRun ?? ''}`).join('\n'));
  expect(notRun.map(({ notRun }) => notRun).filter((reason) => (reason ?? '').length < 10)).toEqual([]);
  const asking = notRun.filter(({ script }) => script.includes(DOCUMENTED));
  expect(asking.map(placeOf)).toEqual([]);
});

test.each(ALL)('every link of %s leads to something that is there', (file) => {
  const lost = localLinks(read(file)).filter(
    (target) => !existsSync(path.join(REPOSITORY, path.dirname(file), target)),
  );
  expect(lost).toEqual([]);
});
