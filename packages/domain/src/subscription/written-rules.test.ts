import { readFileSync } from 'node:fs';
import path from 'node:path';
import { releaseFrom } from '../../testing/states.js';
import { playTimeline, timelinesIn } from '../../testing/written-timeline.js';

const read = (file: string) => readFileSync(path.join(__dirname, file), 'utf8');
const release = releaseFrom(read('../catalog/fixtures/example.yaml'));
const timelines = timelinesIn(read('../../../../docs/rules.md'));

test('docs/rules.md has timelines', () => expect(timelines.length).toBeGreaterThan(0));

test.each(timelines.map((block) => [block.split('\n')[0], block]))(
  'as docs/rules.md has it: %s …',
  (_, block) => {
    const { written, happened } = playTimeline(release, block);
    expect(happened).toEqual(written);
  },
);
