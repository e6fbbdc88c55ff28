import { readFileSync } from 'node:fs';
import path from 'node:path';
import { releaseFrom } from '../../testing/states.js';
import { playSeats, seatsIn } from '../../testing/written-seats.js';

const read = (file: string) => readFileSync(path.join(__dirname, file), 'utf8');
const release = releaseFrom(read('../catalog/fixtures/example.yaml'));
const examples = seatsIn(read('../../../../docs/rules.md'));

test('docs/rules.md has seats', () => expect(examples.length).toBeGreaterThan(0));

test.each(examples.map((block) => [block.split('\n')[0], block]))(
  'as docs/rules.md has it: %s …',
  (_, block) => {
    const { written, told } = playSeats(release, block);
    expect(told).toEqual(written);
  },
);
