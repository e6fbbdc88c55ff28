import { readFileSync } from 'node:fs';
import path from 'node:path';
import { releaseFrom } from '../../testing/states.js';
import { explanationsIn, playExplanation } from '../../testing/written-explanation.js';

const read = (file: string) => readFileSync(path.join(__dirname, file), 'utf8');
const release = releaseFrom(read('../catalog/fixtures/example.yaml'));
const explanations = explanationsIn(read('../../../../docs/rules.md'));

test('docs/rules.md has explanations', () => expect(explanations.length).toBeGreaterThan(0));

test.each(explanations.map((block) => [block.split('\n')[0], block]))(
  'as docs/rules.md has it: %s …',
  (_, block) => {
    const { written, said } = playExplanation(release, block);
    expect(said).toEqual(written);
  },
);
