import { readFileSync } from 'node:fs';
import path from 'node:path';
import { releaseFrom } from '../../testing/states.js';
import { licenseHistoriesIn, playLicense } from '../../testing/written-license.js';

const read = (file: string) => readFileSync(path.join(__dirname, file), 'utf8');
const release = releaseFrom(read('../catalog/fixtures/example.yaml'));
const histories = licenseHistoriesIn(read('../../../../docs/rules.md'));

test('docs/rules.md has histories of licences', () => expect(histories.length).toBeGreaterThan(0));

test.each(histories.map((block) => [block.split('\n')[0], block]))(
  'as docs/rules.md has it: %s …',
  (_, block) => {
    const { written, happened } = playLicense(release, block);
    expect(happened).toEqual(written);
  },
);
