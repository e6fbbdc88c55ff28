/** `npm run generate`: page and charts of what is published, written again from its results.json. */
import { RACES } from './races/index.js';
import { PUBLISHED, readResults, writeResults } from './results-folder.js';

writeResults(
  PUBLISHED,
  readResults(PUBLISHED),
  RACES.map((race) => race.name),
);
